/**
 * Where the microseconds of a call go: both ends in this process, calls in flight (64) on an in-memory line, under V8's profiler.
 *
 * `npx tsx bench/profile.ts [CALLS] [IN_FLIGHT]`: prints the share of each file, of XState, of Node and of garbage collection in the time that
 * the process was busy, for one call at both of its ends. The line costs less than a socket, so shares are of the rest.
 */
import { Session, type Profiler } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPeer } from '../actors/index.ts';
import { memoryPair } from '../transport/index.ts';

const calls = Number(process.argv[2] ?? 200_000);
const inFlight = Number(process.argv[3] ?? 64);
const root = fileURLToPath(new URL('..', import.meta.url));

const [left, right] = memoryPair();
const client = createPeer({ stream: left });
const server = createPeer({ stream: right, methods: { echo: (params: unknown) => params } });
const params = { text: 'x'.repeat(89) };

async function run(count: number): Promise<void> {
  let remaining = count;
  const worker = async (): Promise<void> => {
    while (remaining-- > 0) await client.call('echo', params);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

/** Whose time it is: a file of ours, or one of the others as a whole. */
function ownerOf({ url, functionName }: Profiler.Profile['nodes'][number]['callFrame']): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url.includes('/xstate/')) return 'xstate';
  if (url.includes('/rxjs/')) return 'rxjs';
  if (url.startsWith('file:') && !url.includes('/node_modules/')) return relative(root, fileURLToPath(url));
  return url.startsWith('node:') || url === '' ? 'node' : 'other';
}

await run(20_000);
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
const began = performance.now();
await run(calls);
const microseconds = ((performance.now() - began) * 1000) / calls;
const { profile } = await session.post('Profiler.stop');
session.disconnect();

const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
const shares = new Map<string, number>();
let busy = 0;
for (const [at, id] of (profile.samples ?? []).entries()) {
  const frame = frames.get(id);
  if (frame === undefined || frame.functionName === '(idle)') continue;
  const time = profile.timeDeltas?.[at] ?? 0;
  busy += time;
  shares.set(ownerOf(frame), (shares.get(ownerOf(frame)) ?? 0) + time);
}
console.log(`${microseconds.toFixed(1)} µs a call, both ends; of that:`);
for (const [owner, time] of [...shares].toSorted(([, a], [, b]) => b - a).slice(0, 20)) {
  const share = time / busy;
  console.log(`${(share * 100).toFixed(1).padStart(6)} % ${(share * microseconds).toFixed(2).padStart(7)} µs  ${owner}`);
}
client.close();
server.close();
