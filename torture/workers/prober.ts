/** The honest links of a victim: what they wait for an answer, and what they load it with. */
import { createBirpc } from 'birpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createPeer, type CallOptions } from '../../actors/index.ts';
import { onLine } from '../../bench/contenders/lines.ts';
import { percentile } from '../../bench/statistics.ts';
import { serve } from '../../bench/workers/serve.ts';
import { connected } from '../hostile/attack.ts';
import type { VictimKind } from './victim.ts';

type Call = (method: string, params: object, options?: CallOptions) => Promise<unknown>;

let probes: Call[] = [];
let neighbours: Call[] = [];

async function open(kind: VictimKind, path: string): Promise<Call> {
  const socket = await connected(path);
  if (kind === 'birpc') {
    const rpc = createBirpc<Record<string, (params: object) => unknown>, Record<string, never>, false>(
      {},
      {
        proxify: false,
        timeout: -1,
        post: (line: string) => void socket.write(`${line}\n`),
        on: (take) => onLine(socket, take),
        serialize: JSON.stringify,
        deserialize: JSON.parse,
      },
    );
    return (method, params) => rpc.$call(method, params) as Promise<unknown>;
  }
  if (kind === 'vscode-jsonrpc') {
    const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
    connection.listen();
    return (method, params) => connection.sendRequest(method, params);
  }
  const peer = createPeer({ stream: socket, protocol: kind });
  await peer.ready();
  return (method, params, options) => peer.call(method, params, options) as Promise<unknown>;
}

const tasks = {
  /** `links`: how many it takes to keep the victim busy. */
  async open({ kind, path, links }: { kind: VictimKind; path: string; links: number }): Promise<void> {
    probes = [await open(kind, path), await open(kind, path)];
    neighbours = [];
    for (let i = 0; i < links; i++) neighbours.push(await open(kind, path));
  },

  /** Small calls one after the other, on two links. Milliseconds of the slowest in a hundred. */
  async probe(ms: number): Promise<{ readonly p99: number; readonly slowest: number; readonly calls: number }> {
    const latencies: number[] = [];
    const until = performance.now() + ms;
    await Promise.all(
      probes.map(async (call) => {
        while (performance.now() < until) {
          const from = performance.now();
          await call('echo', { text: 'virtagent' });
          latencies.push(performance.now() - from);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }),
    );
    const sorted = latencies.toSorted((a, b) => a - b);
    return { p99: percentile(sorted, 0.99), slowest: sorted.at(-1) ?? NaN, calls: sorted.length };
  },

  /** Other links at full load: as many small calls as it can, some of 64 KiB; with `large`, one of so many bytes of each urgency. */
  async load({ ms, large }: { ms: number; large: number }): Promise<number> {
    const until = performance.now() + ms;
    let calls = 0;
    let next = 0;
    const keep = async (params: object, options?: CallOptions): Promise<void> => {
      const neighbour = neighbours[next++ % neighbours.length] as Call;
      do {
        await neighbour('echo', params, options);
        calls++;
      } while (performance.now() < until);
    };
    const text = (bytes: number): object => ({ text: 'x'.repeat(bytes) });
    await Promise.all([
      ...Array.from({ length: 32 }, () => keep(text(100))),
      ...Array.from({ length: 4 }, () => keep(text(64 * 1024))),
      ...(large > 0 ? ([0, 1, 2] as const).flatMap((urgency) => [keep(text(large), { urgency }), keep(text(large), { urgency })]) : []),
    ]);
    return calls;
  },
};

export type ProberTasks = typeof tasks;

serve(tasks);
