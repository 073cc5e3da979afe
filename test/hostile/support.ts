import { getEventListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { memoryPair, type OutgoingMessage, type ProtocolName } from '../../transport/index.ts';
import { farSide, type FarSide } from '../support/far-side.ts';
import { opened, type Loose } from '../support/peers.ts';

/** The far end alone. */
export interface FarEnd extends Omit<Against, 'peer'> {
  readonly side: FarSide;
}

/** What the far end has heard, with everything optional: tests look into it. */
export interface Heard {
  readonly type: string;
  readonly tag?: string | number | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly value?: unknown;
  readonly answer?: {
    readonly ok: boolean;
    readonly value?: unknown;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** A peer of ours, and a far end that the test plays. */
export interface Against {
  readonly peer: Peer<Loose>;
  readonly line: Duplex;
  /** Everything that the far end has read; it reads from the start unless it is `deaf`. */
  readonly heard: Heard[];
  /** Says messages, in one chunk. */
  say(...messages: OutgoingMessage[]): void;
  /** Says bytes as they are. */
  raw(text: string): void;
  /** Begins to read. */
  listen(): void;
  /** Takes what was read by hand. */
  hear(chunk: Buffer | null): void;
}

/** A peer of ours on a line whose other end is hostile. It speaks jsonrpc-lines unless told: then bytes can be written by hand. */
export function against(
  options: Partial<CreatePeerOptions> & { readonly protocol?: ProtocolName | undefined } = {},
  { highWaterMark, deaf = false }: { highWaterMark?: number; deaf?: boolean } = {},
): Against {
  const [ours, line] = memoryPair(highWaterMark === undefined ? {} : { highWaterMark });
  const { protocol = 'jsonrpc-lines' } = options;
  const peer = opened<Loose>({ stream: ours, ...timeless, ...options, protocol });
  return { peer, ...farEnd(line, protocol, deaf) };
}

/** Without a heartbeat (virtagent-2), whose timer never rests: these tests count timers. */
export const timeless = { heartbeatMs: Infinity } as const;

/** The far end of a line, played by hand. With virtagent-2 it greets by itself, and says what it is told to when it has. */
export function farEnd(line: Duplex, protocol: ProtocolName, deaf = false): FarEnd {
  const side = farSide(protocol, (bytes) => void line.write(bytes));
  const heard: Heard[] = [];
  line.on('error', () => {});
  const hear = (chunk: Buffer | null): void => {
    if (chunk !== null) heard.push(...(side.push(chunk) as readonly object[] as Heard[]));
  };
  const listen = (): void => void line.on('data', hear);
  if (!deaf) listen();
  return {
    line,
    side,
    heard,
    say: (...messages) => side.whenMet(() => void line.write(Buffer.concat(messages.map((message) => side.encode(message))))),
    raw: (text) => void line.write(Buffer.from(text, 'latin1')),
    listen,
    hear,
  };
}

export const ask = (tag: string | number, method: string, params?: unknown): OutgoingMessage => ({ type: 'request', tag, method, params });
export const answer = (tag: unknown, value?: unknown): OutgoingMessage => ({
  type: 'response',
  tag: tag as string,
  answer: { ok: true, value },
});
export const answers = (heard: readonly Heard[]): readonly Heard[] => heard.filter(({ type }) => type === 'response');
export const asked = (heard: readonly Heard[]): readonly Heard[] => heard.filter(({ type }) => type === 'request');

/** The warnings of this process while `body` runs, and a turn more: they come late. */
export async function warningsOf(body: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', note);
  try {
    await body();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', note);
  }
  return warnings;
}

/** How many listeners a signal has now. */
export function listenersOf(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}
