import type { LinkContext, LinkState } from '../machines/link.ts';
import type { Channel } from './channels/channel.ts';
import type { Codec, IncomingMessage } from './messages.ts';
import type { Session } from './session/session.ts';
import type { Clock } from './timers.ts';

/** What a transport is given. */
export interface TransportInput {
  readonly channel: Channel;
  /** A decoder and encoder for each line: nothing of one line's bytes reaches the next. */
  readonly createCodec: () => Codec;
  /** With virtagent-2: what numbers, cuts and keeps messages across lines. It is the codec then. */
  readonly session?: (() => Session | undefined) | undefined;
  /** Whether a line that can't be opened is tried again, with growing pauses; default false. */
  readonly retries?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Milliseconds that a peer may leave its answers unread; default 10,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** Bytes of what handlers of the other side may ask while it leaves answers unread (virtagent-2); default none. */
  readonly mostNestedBytes?: number | undefined;
  /** A message has come. */
  readonly onMessage: (message: IncomingMessage) => void;
  /** The line is open, or out of sync: exchange what the protocol needs first, then call `greeted()`. Default: at once. */
  readonly onOpen?: (() => void) | undefined;
  /** Requests may be sent. */
  readonly onUp?: (() => void) | undefined;
  /** The line takes nothing more, and is about to be lost: nothing else should be tried on it. */
  readonly onUnwritable?: (() => void) | undefined;
  /** The peer has said all that it will: answer it, then call `finished()`. */
  readonly onInputEnded?: (() => void) | undefined;
  /** This side closes the line: the last that can be said on it. */
  readonly onClosing?: (() => void) | undefined;
  /** The line is gone: end its jobs, then call `settled()`. Default: at once. */
  readonly onDown?: ((reason: unknown) => void) | undefined;
  /** The link's state has changed. */
  readonly onState?: ((state: LinkState, context: LinkContext) => void) | undefined;
}

/** What has crossed the lines of a transport so far. */
export interface TransportCounters {
  bytesIn: number;
  bytesOut: number;
  messagesIn: number;
  messagesOut: number;
  /** Pieces that were dropped as broken, and their bytes. */
  damaged: number;
  bytesDropped: number;
  /** Events that the link's chart does not take in its state: a defect on this side. */
  violations: number;
}

/** How a send came out. `more`: a part of the message was taken, and more is to be sent. `known`: nothing of it can have reached the peer. */
export type SendResult =
  | { readonly ok: true; readonly more?: boolean }
  | { readonly ok: false; readonly error: unknown; readonly known?: 'not-sent' };
