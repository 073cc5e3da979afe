import type { Duplex } from 'node:stream';
import { createPeer, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import { Sides } from '../../inspector/far/sides.ts';
import { createInspector, serveInspector, type InspectorOptions, type InspectServer } from '../../inspector/index.ts';
import { memoryPair } from '../../transport/index.ts';
import type { Loose } from './peers.ts';

/** Two peers on a line in memory, an inspector at each, and the host's served, with what the guest's tells. */
export interface InspectedPair {
  readonly host: Peer<Loose>;
  readonly guest: Peer<Loose>;
  readonly served: InspectServer;
  close(): Promise<void>;
}

export interface PairOptions {
  readonly host?: Omit<CreatePeerOptions, 'stream'>;
  readonly guest?: Omit<CreatePeerOptions, 'stream'>;
  /** Of the host's inspector. */
  readonly inspector?: Omit<InspectorOptions, 'peer' | 'manager'>;
  /** The folder of the built page. */
  readonly page: string;
  readonly port?: number;
  readonly token?: string;
  /** How long bytes are under way, in milliseconds; not at all unless told. */
  readonly latencyMs?: number;
}

/** Opens the pair, with its page. Speaks virtagent-2 unless told otherwise. */
export async function inspectedPair({
  host = {},
  guest = {},
  inspector,
  page,
  port = 0,
  token,
  latencyMs,
}: PairOptions): Promise<InspectedPair> {
  const [a, b] = latencyMs === undefined ? memoryPair() : slowPair(latencyMs);
  const pair = {
    host: createPeer<Loose>({ stream: a, protocol: 'virtagent-2', ...host }),
    guest: createPeer<Loose>({ stream: b, protocol: 'virtagent-2', ...guest }),
  };
  const near = createInspector({ peer: pair.host as unknown as Peer, name: 'host', version: '1', role: 'host', ...inspector });
  const far = createInspector({ peer: pair.guest as unknown as Peer, name: 'guest', version: '1', role: 'guest' });
  await Promise.all([pair.host.ready(), pair.guest.ready()]);
  const sides = new Sides();
  sides.attach('near', near);
  sides.attach('far', far);
  const served = await serveInspector(sides, { page, port, token });
  return {
    ...pair,
    served,
    async close() {
      await served.close();
      for (const one of [near, far]) one.stop();
      for (const one of [pair.host, pair.guest]) one.close();
    },
  };
}

/** Two streams with a way between them that takes its time. */
function slowPair(latencyMs: number): [Duplex, Duplex] {
  const [a, farA] = memoryPair();
  const [b, farB] = memoryPair();
  for (const [from, to] of [
    [farA, farB],
    [farB, farA],
  ] as const) {
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), latencyMs));
    from.once('close', () => setTimeout(() => to.destroy(), latencyMs));
  }
  return [a, b];
}
