import { onTestFinished } from 'vitest';
import type { CreatePeerOptions, HandlerContext, Peer } from '../../../actors/index.ts';
import { MethodError } from '../../../actors/index.ts';
import { unixConnect, unixListen } from '../../../transport/index.ts';
import { deferred, opened, type Loose } from '../../support/peers.ts';
import { Second } from './second.ts';

/** Which end of the line waits for the other, and what the session is: whoever listens asks for it. */
export interface Setting {
  readonly listens: 'ours' | 'theirs';
  readonly reliable: boolean;
}

export const settings: readonly Setting[] = [false, true].flatMap((reliable) =>
  (['ours', 'theirs'] as const).map((listens) => ({ listens, reliable })),
);

/** The same methods as those of python/main.py, and what they have seen. */
export class OurMethods {
  readonly executed: Record<string, number> = {};
  readonly told: unknown[] = [];
  /** Keys of `held` that have begun, and those that were given up. */
  readonly begun: string[] = [];
  readonly aborted: string[] = [];
  /** Items that `numbers` has made, and whether it has ended. */
  made = 0;
  hasEnded = false;
  readonly #gate = deferred();

  release(): void {
    this.#gate.resolve();
  }

  readonly methods = {
    echo: (params: unknown) => params,
    count: ({ key }: { key: string }) => this.#count(key),
    held: async ({ key }: { key: string }, { signal }: HandlerContext) => {
      this.begun.push(this.#count(key));
      const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      aborted.catch(() => this.aborted.push(key));
      await Promise.race([this.#gate.promise, aborted]);
      return key;
    },
    fail: () => {
      throw new MethodError('an error of its own', { code: 4711, data: { why: Buffer.from('because') } });
    },
    broken: () => {
      throw new TypeError('nothing for the caller');
    },
    steps: ({ to }: { to: number }, { progress }: HandlerContext) => {
      for (let step = 0; step < to; step++) progress(step);
      return 'end';
    },
    large: () => 'x'.repeat(4_000),
    deep: () => [[[[[['too deep']]]]]],
    unsendable: async function* () {
      yield 'first';
      yield 'second';
      return 1n;
    },
    numbers: (params: { to: number; size?: number }) => this.#numbers(params),
    back: ({ method, params }: { method: string; params: unknown }, { call }: HandlerContext) => call(method, params),
    told: (params: unknown) => void this.told.push(params),
  };

  #count(key: string): string {
    this.executed[key] = (this.executed[key] ?? 0) + 1;
    return key;
  }

  async *#numbers({ to, size = 0 }: { to: number; size?: number }) {
    this.made = 0;
    this.hasEnded = false;
    try {
      for (let n = 0; n < to; n++) {
        this.made++;
        yield { n, pad: Buffer.alloc(size, n) };
      }
      return to;
    } finally {
      this.hasEnded = true;
    }
  }
}

/** What the other side's limits or ours are, and who is asked to be reliable in place of who listens. */
export interface More {
  readonly limits?: Record<string, number>;
  /** How many requests may wait at the other side. */
  readonly requests?: number;
  readonly options?: Omit<CreatePeerOptions, 'channel' | 'stream' | 'methods'>;
}

/** One of ours and one of the second implementation, which meet at a socket; who connects may do so elsewhere. */
export async function meeting(
  { listens, reliable }: Setting,
  { listen, connect }: { readonly listen: string; readonly connect: string },
  { limits = {}, requests = 256, options = {} }: More = {},
): Promise<{ ours: Peer<Loose>; second: Second; mine: OurMethods }> {
  const mine = new OurMethods();
  onTestFinished(() => mine.release());
  const common = { protocol: 'virtagent-2', methods: mine.methods, ...options } as const;
  if (listens === 'theirs') {
    const second = await Second.start('listen', listen, { reliable, limits, requests });
    return { second, mine, ours: opened({ ...common, channel: unixConnect(connect), retries: true }) };
  }
  const channel = unixListen(listen);
  await channel.listen();
  const ours = opened<Loose>({ ...common, channel, retries: true, reliable });
  return { ours, mine, second: await Second.start('connect', connect, { limits, requests }) };
}
