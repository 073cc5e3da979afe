import type { Duplex } from 'node:stream';

/**
 * Where lines come from. A channel opens one line at a time; `transport/` owns the stream that it gave,
 * until that stream is destroyed.
 */
export interface Channel {
  /** As messages show it, such as `unix-listen /run/va.sock`. */
  readonly name: string;
  /** Whether another line can be opened after one has ended. */
  readonly reopens: boolean;
  /** Whether the end of what the peer says leaves the line open for our answers (standard input and output). */
  readonly halfOpen?: boolean;
  /** Whether its lines lose or damage bytes: virtagent-2 then sends again what was hit. */
  readonly lossy?: boolean;
  /**
   * The next line, flowing in neither direction yet (paused). Rejects with a VirtagentError of the CHANNEL_
   * codes, or with the signal's reason once it is aborted.
   */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Stops listening and lets go of everything that is not a line in use. May be called twice. */
  close(): Promise<void>;
}
