/** One end of the soak: serves and calls as fast as it can. Run with --expose-gc. */
import { createPeer, type Peer } from '../../actors/index.ts';
import { serve } from '../../bench/workers/serve.ts';
import { unixConnect, unixListen } from '../../transport/index.ts';

/** What one second showed. */
export interface Sample {
  readonly calls: number;
  readonly wrong: number;
  /** Bytes in use after collection: heap, and buffers beside it. */
  readonly heap: number;
  /** What keeps the process alive, and timers of the peer. */
  readonly handles: number;
  readonly timers: number;
}

interface Params {
  readonly n: number;
  readonly text: string;
}

type Remote = { echo: (params: Params) => unknown };

let peer: Peer<Remote>;
let calls = 0;
let wrong = 0;
let last = 0;

/** Small ones for the most part; some in pieces, some given up, some urgent, some notifications. */
async function keepCalling(): Promise<void> {
  for (;;) {
    const n = ++last;
    const params = { n, text: 'x'.repeat(n % 100 === 0 ? 200_000 : n % 150) };
    if (n % 50 === 1) await peer.notify('echo', params);
    const signal = n % 40 === 2 ? AbortSignal.timeout(1) : undefined;
    const options = { urgency: (n % 3) as 0 | 1 | 2, ...(signal === undefined ? {} : { signal }) };
    try {
      const result = (await peer.call('echo', params, options)) as Params;
      if (result.n !== n || result.text.length !== params.text.length) wrong++;
    } catch (error) {
      if ((error as { code?: string }).code !== 'CANCELLED') wrong++;
    }
    calls++;
  }
}

const tasks = {
  async open({ path, listens }: { path: string; listens: boolean }): Promise<void> {
    peer = createPeer<Remote>({
      channel: listens ? unixListen(path) : unixConnect(path),
      protocol: 'virtagent-2',
      retries: true,
      methods: { echo: (params: Params) => params },
    });
    const loops = Array.from({ length: 32 }, keepCalling);
    for (const loop of loops) loop.catch(() => wrong++);
  },

  async sample(ms: number): Promise<Sample> {
    [calls, wrong] = [0, 0];
    await new Promise((resolve) => setTimeout(resolve, ms));
    const sample = { calls, wrong };
    (globalThis as unknown as { gc: () => void }).gc();
    const { heapUsed, external } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().filter((what) => what !== 'Timeout' && what !== 'Immediate').length;
    return { ...sample, heap: heapUsed + external, handles, timers: peer.manager.timers.size };
  },
};

export type SoakTasks = typeof tasks;

serve(tasks);
