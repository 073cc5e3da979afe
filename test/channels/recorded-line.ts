import type { Duplex } from 'node:stream';
import { SimulatedClock } from 'xstate';
import type { Peer } from '../../actors/index.ts';
import { memoryPair, protocolByName, type Channel, type IncomingMessage, type ProtocolName } from '../../transport/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** Bytes of the far end, and how much this end had said before them. */
interface Said {
  readonly after: number;
  readonly bytes: Buffer;
}

/** This end of a conversation that is always the same. */
export interface OurEnd {
  readonly peer: Peer<Loose>;
  readonly clock: SimulatedClock;
  /** What was asked of this end. */
  readonly asked: unknown[];
  /** Two calls, and what they come to. */
  readonly calls: Promise<unknown>[];
}

/** How long our calls have. */
export const CALL_MS = 1_000;

const methods = { echo: (params: unknown) => params };

/** Calls whose tags are the same in every run, so that the recorded answers are answers to them. */
export function ourEnd(protocol: ProtocolName, channel: Channel): OurEnd {
  const clock = new SimulatedClock();
  const asked: unknown[] = [];
  const peer = opened({
    channel,
    protocol,
    ...roleOf(protocol, 'host'),
    clock,
    random: () => 0.5,
    methods: { note: (params: unknown) => void asked.push(params) },
  });
  const calls = [1, 2].map((n) => call(peer, n));
  return { peer, clock, asked, calls };
}

/** One call: its value or its error. */
export function call(peer: Peer<Loose>, n: number): Promise<unknown> {
  return peer.call('echo', { n, text: 'ü'.repeat(n) }, { timeoutMs: CALL_MS }).catch((error: unknown) => error);
}

/** A real far end on a stream: it asks something of ours too. */
export function farEnd(protocol: ProtocolName, stream: Duplex, clock?: SimulatedClock): Peer<Loose> {
  const peer = opened({ stream, protocol, ...roleOf(protocol, 'guest'), clock: clock ?? new SimulatedClock(), methods });
  peer.call('note', { from: 'far' }).catch(() => {});
  return peer;
}

function roleOf(protocol: ProtocolName, role: 'host' | 'guest'): { role?: 'host' | 'guest' } {
  return protocolByName(protocol).greeting === 'v7' ? { role } : {};
}

/** The whole conversation with a real far end, as bytes. */
export async function record(protocol: ProtocolName): Promise<readonly Said[]> {
  const said: Said[] = [];
  const [ours, near] = memoryPair();
  const [far, farther] = memoryPair();
  let after = 0;
  near.on('data', (chunk: Buffer) => {
    after += chunk.length;
    far.write(chunk);
  });
  far.on('data', (chunk: Buffer) => {
    said.push({ after, bytes: Buffer.from(chunk) });
    near.write(chunk);
  });
  farEnd(protocol, farther);
  const { calls } = ourEnd(protocol, lines([ours]));
  await Promise.all(calls);
  await settled();
  return said;
}

/** A far end that says what was recorded, once this end has said as much as it had then; up to so many bytes. */
export class Replay {
  /** This end of the line. */
  readonly stream: Duplex;
  readonly far: Duplex;
  readonly #said: readonly Said[];
  readonly #protocol: ProtocolName;
  readonly #heard: Buffer[] = [];
  #most: number;
  #sent = 0;
  #at = 0;
  #listens = true;

  constructor(protocol: ProtocolName, said: readonly Said[], most: number) {
    [this.stream, this.far] = memoryPair();
    this.#said = said;
    this.#most = most;
    this.#protocol = protocol;
    this.far.on('data', (chunk: Buffer) => {
      if (!this.#listens) return;
      this.#heard.push(Buffer.from(chunk));
      this.#sayOn();
    });
    this.#sayOn();
  }

  /** Says the rest, however little was heard, and answers by itself what is asked from now on. */
  sayRest(): void {
    const { createCodec, limits } = protocolByName(this.#protocol);
    const codec = createCodec(limits);
    codec.push(Buffer.concat(this.#heard));
    this.#listens = false;
    this.far.on('data', (chunk: Buffer) => {
      for (const one of codec.push(chunk) as (IncomingMessage & { method?: string; tag?: string; params?: unknown })[]) {
        if (one.type !== 'request') continue;
        const value = one.method === 'capabilities' ? { methods: ['echo'] } : one.params;
        this.far.write(codec.encode({ type: 'response', tag: one.tag as string, answer: { ok: true, value } }));
      }
    });
    const rest = Buffer.concat(this.#said.map(({ bytes }) => bytes)).subarray(this.#sent);
    if (rest.length > 0) this.far.write(rest);
  }

  /** The far end is gone, and a new one is on the same line, which neither end can tell. */
  restart(): void {
    this.#listens = false;
    const [far, farther] = memoryPair();
    this.far.on('data', (chunk: Buffer) => void far.write(chunk));
    far.on('data', (chunk: Buffer) => void this.far.write(chunk));
    farEnd(this.#protocol, farther);
  }

  #sayOn(): void {
    const heard = this.#heard.reduce((sum, { length }) => sum + length, 0);
    for (let said = this.#said[this.#at]; said !== undefined && said.after <= heard; said = this.#said[this.#at]) {
      const bytes = said.bytes.subarray(0, this.#most);
      this.#at++;
      this.#most -= bytes.length;
      this.#sent += bytes.length;
      if (bytes.length > 0) this.far.write(bytes);
      if (this.#most === 0) this.#at = this.#said.length;
    }
  }
}

/** A channel of these lines, one after the other. */
export function lines(streams: readonly (Duplex | (() => Duplex))[]): Channel {
  let opens = 0;
  return {
    name: 'lines',
    reopens: streams.length > 1,
    open: async () => {
      const next = streams[opens++] ?? memoryPair()[0];
      return typeof next === 'function' ? next() : next;
    },
    close: async () => {},
  };
}
