import { createPeer, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import { createInspector, serveInspector, type Inspector, type InspectorOptions, type InspectServer } from '../../inspector/index.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import type { Viewer, Watchable } from '../../inspector/watchable.ts';
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
}

/** Opens the pair, with its page. Speaks virtagent-2 unless told otherwise. */
export async function inspectedPair({ host = {}, guest = {}, inspector, page, port = 0, token }: PairOptions): Promise<InspectedPair> {
  const [a, b] = memoryPair();
  const pair = {
    host: createPeer<Loose>({ stream: a, protocol: 'virtagent-2', ...host }),
    guest: createPeer<Loose>({ stream: b, protocol: 'virtagent-2', ...guest }),
  };
  const near = createInspector({ peer: pair.host as unknown as Peer, name: 'host', version: '1', role: 'host', ...inspector });
  const far = createInspector({ peer: pair.guest as unknown as Peer, name: 'guest', version: '1', role: 'guest' });
  await Promise.all([pair.host.ready(), pair.guest.ready()]);
  const served = await serveInspector(sideBySide(near, far), { page, port, token });
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

/** What both inspectors tell, the second as the other end. */
function sideBySide(near: Inspector, far: Inspector): Watchable {
  return {
    watch(viewer: Viewer) {
      const isReady = viewer.isReady === undefined ? {} : { isReady: () => viewer.isReady?.() ?? true };
      const watching = [
        far.watch({ take: (records) => viewer.take(records.map((record): InspectRecord => ({ ...record, of: 'far' }))), ...isReady }),
        near.watch({ take: (records) => viewer.take(records), ...isReady }),
      ];
      return { stop: () => watching.forEach((one) => one.stop()) };
    },
    act: (act) => near.act(act),
  };
}
