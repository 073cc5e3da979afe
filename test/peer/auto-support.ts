import type { Duplex } from 'node:stream';
import { SimulatedClock } from 'xstate';
import type { CreatePeerOptions, Methods, Peer } from '../../actors/index.ts';
import { memoryPair, type ProtocolName } from '../../transport/index.ts';
import { GuestAgent } from '../support/guest-agent.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** A host that is to find out, and the other end of its line. */
export interface AutoScene {
  readonly host: Peer<Loose>;
  readonly clock: SimulatedClock;
  readonly line: Duplex;
  /** Lets milliseconds pass, and everything happen that they lead to. */
  pass(ms: number): Promise<void>;
}

export function autoScene(options: Partial<CreatePeerOptions> = {}): AutoScene {
  const [ours, line] = memoryPair();
  const clock = new SimulatedClock();
  const host = opened<Loose>({ stream: ours, protocol: 'auto', clock, ...options });
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 50) {
      clock.increment(Math.min(50, ms - at));
      await settled(2);
    }
  };
  return { host, clock, line, pass };
}

export const methods = { ping: () => undefined, echo: (params: unknown) => params } satisfies Methods;

/** Whatever can be at the other end, by what it speaks; each has the methods above. Its clock is its own, and stands still. */
export const others: Readonly<Record<ProtocolName, (line: Duplex) => Peer<Loose> | GuestAgent>> = {
  'virtagent-2': (stream) => opened<Loose>({ stream, methods, protocol: 'virtagent-2', clock: new SimulatedClock() }),
  'virtagent-v7': (stream) => opened<Loose>({ stream, methods, protocol: 'virtagent-v7', role: 'guest', clock: new SimulatedClock() }),
  'jsonrpc-lines': (stream) => opened<Loose>({ stream, methods, protocol: 'jsonrpc-lines', clock: new SimulatedClock() }),
  'jsonrpc-headers': (stream) => opened<Loose>({ stream, methods, protocol: 'jsonrpc-headers', clock: new SimulatedClock() }),
  'qemu-ga': (line) => new GuestAgent({ commands: { ping: () => ({}), echo: (args) => args } }).serve(line),
};

export const names = Object.keys(others) as ProtocolName[];
