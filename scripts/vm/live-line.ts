import { setTimeout as pause } from 'node:timers/promises';
import { createPeer, VirtagentError, type Peer } from '../../actors/index.ts';
import { openChannel } from '../../transport/channels/open.ts';
import type { ProtocolName } from '../../transport/protocols.ts';

/** A line of the machine that the host's side is connected to. */
export interface LineSpec {
  readonly name: string;
  readonly protocol: ProtocolName;
  /** QEMU's socket for it. */
  readonly path: string;
}

/** One call that has ended, in either direction. */
export interface SeenCall {
  readonly line: string;
  readonly direction: 'host → guest' | 'guest → host';
  readonly method: string;
  /** Undefined for a call of the guest: how long it took is known there. */
  readonly ms?: number | undefined;
  /** The code of its error; undefined for one that was answered well. */
  readonly failed?: string | undefined;
}

/** What one direction of a line has carried. */
export interface Count {
  calls: number;
  failed: number;
  last: SeenCall | undefined;
}

/** What the host asks in turn: nothing changes by it. */
const ASKED: readonly [method: string, params?: object][] = [
  ['ping'],
  ['capabilities'],
  ['getfile', { path: '/agent/agents' }],
  ['getfile', { path: '/disk/usr/bin/node', offset: 0, length: 1024 }],
];
const EVERY_MS = 1000;
const CALL_MS = 10_000;

/** The host's side of a line: it calls the guest again and again, and answers it. */
export class LiveLine {
  readonly spec: LineSpec;
  readonly out: Count = { calls: 0, failed: 0, last: undefined };
  readonly in: Count = { calls: 0, failed: 0, last: undefined };
  readonly #peer: Peer;
  readonly #ended = new AbortController();
  readonly #onCall: (call: SeenCall) => void;

  constructor(spec: LineSpec, onCall: (call: SeenCall) => void) {
    this.spec = spec;
    this.#onCall = onCall;
    const answer = (method: string) => () => this.#count(this.in, { line: spec.name, direction: 'guest → host', method });
    this.#peer = createPeer({
      channel: openChannel({ channel: 'qemu-chardev', path: spec.path }),
      protocol: spec.protocol,
      role: 'host',
      retries: true,
      methods: { ping: answer('ping'), hello: answer('hello') },
    });
    void this.#callAgain();
  }

  get state(): string {
    return this.#peer.link;
  }

  /** Lets go of the line. */
  end(): void {
    this.#ended.abort();
    this.#peer.close();
  }

  async #callAgain(): Promise<void> {
    const { signal } = this.#ended;
    // The guest boots meanwhile; what is sent before it says hello, a serial port loses.
    await this.#peer.ready().catch(() => {});
    for (let turn = 0; !signal.aborted; turn++) {
      const [method, params] = ASKED[turn % ASKED.length] as (typeof ASKED)[number];
      const begun = performance.now();
      const seen = { line: this.spec.name, direction: 'host → guest', method } as const;
      try {
        await this.#peer.call(method, params, { timeoutMs: CALL_MS, signal });
        this.#count(this.out, { ...seen, ms: performance.now() - begun });
      } catch (error) {
        if (signal.aborted) return;
        const failed = error instanceof VirtagentError ? error.code : String(error);
        this.#count(this.out, { ...seen, ms: performance.now() - begun, failed });
      }
      await pause(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  #count(count: Count, call: SeenCall): void {
    count.calls++;
    if (call.failed !== undefined) count.failed++;
    count.last = call;
    this.#onCall(call);
  }
}
