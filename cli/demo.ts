import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Peer } from '../actors/index.ts';
import { VirtagentError } from '../actors/index.ts';
import { unixListen } from '../transport/channels/unix.ts';
import type { Context } from './context.ts';
import { chooseFile, fetchFile, type DemoFile, type FetchedFile } from './demo-file.ts';
import { guestLost, startGuest, type DemoGuest } from './demo-guest.ts';
import { demoScreen, type DemoScreen } from './demo-screen.ts';
import { printSummary, type Summary } from './demo-summary.ts';
import { inspects, type RawInspectOptions } from './inspect-options.ts';
import { JobLog } from './job-log.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import { Session } from './session.ts';
import { aborted } from './stopping.ts';

/** How the demo is run. */
export interface DemoOptions {
  /** End after the main job. */
  readonly once: boolean;
  readonly json: boolean;
  /** Unless told, there is an inspector where somebody stays to look. */
  readonly inspect: RawInspectOptions;
}

/** Jobs that the table shows. */
const KEPT_JOBS = 15;

/** Our calls that are to be under way when one of the guest's comes in: that is what the demo is about. */
const AT_ONCE = 2;

const PING_MS = 1000;
const END_MS = 1000;

/** Runs the main job of `npm start`: a guest as its own process, a host here, calls in both directions at once. */
export async function runDemo(options: DemoOptions, context: Context): Promise<void> {
  const { err } = context;
  const file = await chooseFile();
  const folder = await mkdtemp(join(tmpdir(), 'virtagent-demo-'));
  const socket = join(folder, 'line.sock');
  let guest: DemoGuest | undefined;
  const cleanUp = (): void => {
    guest?.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  // Also when a second Ctrl-C ends this process on the spot.
  process.once('exit', cleanUp);
  const log = new Log(err, { json: options.json, quiet: true });
  const channel = unixListen(socket);
  const { inspect = !options.once && !options.json } = options.inspect;
  const inspecting = { ...options.inspect, inspect };
  const line = {
    channelName: 'unix-listen',
    channel,
    protocol: 'virtagent-2',
    trace: 'none',
    log: { json: options.json, quiet: true },
    inspect: inspecting,
  } as const;
  const session = await Session.open({
    line,
    role: 'host',
    methods: commonMethods('host', line.protocol),
    reopens: false,
    retries: false,
    log,
    err,
  });
  try {
    guest = startGuest(socket, file.path, inspects(inspecting));
    // The other end of the line is shown by its own inspector.
    void guest.inspector.then((address) => session.inspecting?.attachFar(new URL(address)));
    await show(options, context, session, guest, file);
  } finally {
    await guest?.end();
    await session.end(END_MS);
    cleanUp();
  }
}

/** Shows the main job, and what follows until somebody ends it. */
async function show(options: DemoOptions, context: Context, { peer }: Session, guest: DemoGuest, file: DemoFile): Promise<void> {
  const { out, stopping } = context;
  const { signal } = stopping;
  out.onGone = () => stopping.stop();
  const jobs = new JobLog(peer, KEPT_JOBS);
  const title = `virtagent-2 on a unix socket: the host is process ${process.pid}, the guest is process ${guest.pid}`;
  const screen: DemoScreen = options.json ? { progress() {}, end() {} } : demoScreen({ out, peer, jobs, title });
  let summary: Summary | undefined;
  const work = async (): Promise<void> => {
    await peer.ready();
    summary = await mainJob(peer, jobs, file, signal, (bytes) => screen.progress(bytes, file.bytes));
    if (!options.once) await pingUntil(peer, signal);
  };
  try {
    await Promise.race([work(), lost(peer, guest), aborted(signal)]);
    screen.end();
    if (summary !== undefined) printSummary(summary, jobs, out, options.json);
  } catch (error) {
    screen.end();
    // The call knows only that the line went; the guest's own end says more.
    throw error instanceof VirtagentError && error.code === 'LINE_LOST'
      ? await lost(peer, guest).catch((better: unknown) => better)
      : error;
  }
}

/** Everything at once: four kinds of calls to the guest, while it calls us. */
async function mainJob(peer: Peer, jobs: JobLog, file: DemoFile, signal: AbortSignal, progress: (bytes: number) => void): Promise<Summary> {
  const begun = performance.now();
  const [capabilities, , kernelLog, fetched] = await Promise.all([
    peer.call('capabilities', undefined, { signal }),
    peer.call('ping', undefined, { signal }),
    peer.call('getdmesg', undefined, { signal }).catch(refusal),
    fetchMeanwhile(peer, jobs, file, signal, progress),
  ]);
  return { capabilities, kernelLog, fetched, tookMs: performance.now() - begun, counters: peer.counters };
}

/** Not everyone may read the kernel's log; then the guest's answer says so, and that is an answer too. */
function refusal(error: unknown): string {
  if (error instanceof VirtagentError && error.remote !== undefined) return error.message;
  throw error;
}

/** Fetches the file, again if need be, until the guest has called in the middle of it. */
async function fetchMeanwhile(
  peer: Peer,
  jobs: JobLog,
  file: DemoFile,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<FetchedFile & { readonly times: number }> {
  for (let times = 1; ; times++) {
    const fetched = await fetchFile(peer, file, signal, progress);
    if (!fetched.isEqual) throw new Error(`${file.path} came over the line changed`);
    if (jobs.together.client >= AT_ONCE) return { ...fetched, times };
  }
}

async function pingUntil(peer: Peer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(PING_MS, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await peer.call('ping', undefined, { signal });
  }
}

/** Rejects when the guest or the line to it is gone. */
async function lost(peer: Peer, guest: DemoGuest): Promise<never> {
  const how = await Promise.race([guest.ended, peer.ended().then(() => undefined)]);
  throw guestLost(how ?? (await Promise.race([guest.ended, pause(END_MS, 'closed the line')])));
}
