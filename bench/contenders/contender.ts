import type { Duplex } from 'node:stream';
import type { Channel } from '../../transport/index.ts';

/** What every echo carries and returns: an object, because not every contender carries a bare string. */
export interface Params {
  /** Bytes where the contender carries them as such, and the section asks for it. */
  readonly text: string | Uint8Array;
}

/** Which process this is: the one that connects, or the one that listens. */
export type Side = 'client' | 'server';

/** One end of a line. Both ends serve `echo`, which returns its parameters. */
export interface Session {
  /** Calls `echo` at the other end. Contenders without urgencies ignore that. */
  call(params: Params, urgency?: 0 | 1 | 2): Promise<unknown>;
}

/** Something that carries calls over a stream. */
export interface Contender {
  /** How it is set up, in a line, for the reader of the figures. */
  readonly how: string;
  /** Whether bytes need not be text. */
  readonly carriesBytes?: true;
  readonly open: (stream: Duplex, side: Side) => Session | Promise<Session>;
  /** Where the package opens its sockets itself. */
  readonly openChannel?: (channel: Channel, side: Side) => Session | Promise<Session>;
}
