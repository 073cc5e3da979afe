import { SimulatedClock } from 'xstate';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { Relay, until } from '../support/relay.ts';

type Options = Omit<CreatePeerOptions, 'stream' | 'channel'>;

/** Two peers of virtagent-2 with a relay between them, and a clock that both have. */
export class SessionPeers {
  readonly clock = new SimulatedClock();
  readonly relay = new Relay();
  left: Peer<Loose>;
  right: Peer<Loose>;

  constructor(left: Options = {}, right: Options = {}) {
    this.left = this.peer('left', left);
    this.right = this.peer('right', right);
  }

  /** Another process at that end of the line. */
  peer(side: 'left' | 'right', options: Options = {}): Peer<Loose> {
    return opened<Loose>({
      channel: this.relay[side],
      protocol: 'virtagent-2',
      clock: this.clock,
      timeoutMs: Infinity,
      retries: true,
      ...options,
    });
  }

  static async up(left: Options = {}, right: Options = {}): Promise<SessionPeers> {
    const peers = new SessionPeers(left, right);
    await Promise.all([peers.left.ready(), peers.right.ready()]);
    await settled();
    return peers;
  }

  /** Time passes, in steps that let everything happen in between. */
  async pass(ms: number, step = 50): Promise<void> {
    for (let at = 0; at < ms; at += step) {
      await settled(2);
      this.clock.increment(Math.min(step, ms - at));
    }
    await settled(3);
  }

  until<Value>(promise: Promise<Value>, within: Parameters<typeof until>[2] = {}): Promise<Value> {
    return until(this.clock, promise, within);
  }
}

/** A method that ends when it is told to, or is given up. */
export function held(): {
  methods: { held: (params: unknown, context: { signal: AbortSignal }) => Promise<unknown> };
  begun: unknown[];
  aborted: unknown[];
  release: () => void;
} {
  const begun: unknown[] = [];
  const aborted: unknown[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  return {
    begun,
    aborted,
    release: () => {
      for (const resolve of waiting.splice(0)) resolve('released');
    },
    methods: {
      held: (params, { signal }) => {
        begun.push(params);
        return new Promise((resolve, reject) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => {
            aborted.push((signal.reason as { code?: string }).code);
            reject(signal.reason as Error);
          });
        });
      },
    },
  };
}
