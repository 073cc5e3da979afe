import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Peer } from '../actors/index.ts';
import { VirtagentError } from '../actors/index.ts';
import { isConnecting, outlivesPeers } from '../transport/channels/open.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import { AllowedDirs } from './allowed-dirs.ts';
import type { Context } from './context.ts';
import { guestProtocols, lineOptions, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import { guestMethods } from './methods-guest.ts';
import { PutTransfers } from './put-transfers.ts';
import { endError, GRACE_MS, reasonText, Session } from './session.ts';
import { aborted } from './stopping.ts';

/** The options of `virtagent guest`, as commander has them. */
export interface RawGuestOptions extends RawLineOptions {
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  readonly allowShutdown?: string;
  readonly retry?: true;
  readonly pingHost?: string;
}

/** A host that does not answer the guest's own calls is not waited for longer. */
const CALL_MS = 10_000;

/** Serves a host until the line has ended, or a signal comes. Throws what it ended with. */
export async function runGuest(raw: RawGuestOptions, { err, stopping }: Context): Promise<void> {
  checkProtocol(raw.protocol);
  const line = lineOptions(raw, guestProtocols);
  const retries = checkRetry(raw.retry, line);
  const pingMs = secondsOption('--ping-host', raw.pingHost);
  await checkProgram('--allow-shutdown', raw.allowShutdown);
  const log = new Log(err, line.log);
  const read = await AllowedDirs.of(raw.allowRead ?? []);
  const write = new PutTransfers(await AllowedDirs.of(raw.allowWrite ?? [], '--allow-write'));
  // Also when a second signal ends this process on the spot.
  process.once('exit', () => write.dropAllNow());
  const methods = guestMethods({ read, write, shutdown: raw.allowShutdown }, log);
  const session = await Session.open({
    line,
    role: 'guest',
    methods: commonMethods('guest', line.protocol, methods),
    reopens: retries || outlivesPeers(line.channelName),
    retries,
    log,
    err,
  });
  callHost(session, line, pingMs, stopping.signal);
  dropWithSession(session, line, () => void write.dropAll());
  try {
    await serve(session, stopping);
  } finally {
    await write.dropAll();
    await session.endInspecting();
    log.end();
  }
}

async function serve(session: Session, stopping: Context['stopping']): Promise<void> {
  const stopped = aborted(stopping.signal).then(() => 'stopped' as const);
  const reason = await Promise.race([session.ended(), stopped]);
  if (reason === 'stopped') {
    session.log.info('stopping', `${stopping.name}: finishing what runs; once more ends at once`);
    await session.end(GRACE_MS);
    session.log.info('stopped', 'stopped');
    return;
  }
  await session.channel.close();
  // Of a line with an end in each direction, this is how the other side says that it is done.
  if (!session.saidAll) throw lostBy(reason, session);
}

/** What was open and opens no more is a line that was lost, as a port that was unplugged, and none that never was. */
function lostBy(reason: unknown, { wasOpen }: Session): VirtagentError {
  const error = endError(reason);
  if (!wasOpen || !error.code.startsWith('CHANNEL_')) return error;
  return new VirtagentError('LINE_LOST', `the line was lost: ${error.message}`, { cause: error });
}

function checkRetry(retry: true | undefined, { channelName }: LineOptions): boolean {
  if (retry !== true) return false;
  if (!isConnecting(channelName)) invalidOption('--channel', channelName, 'unix-connect or another channel that connects with --retry');
  return true;
}

/** That it can be run: on the day when it is asked for that would be told too late. */
async function checkProgram(option: string, command: string | undefined): Promise<void> {
  if (command === undefined) return;
  if (command === '' || command.includes('\0')) invalidOption(option, command, 'the path of a program');
  const folders = command.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => `${folder || '.'}/`);
  const found = await Promise.all(folders.map(async (folder) => isProgram(`${folder}${command}`)));
  if (!found.includes(true)) invalidOption(option, command, 'a program that is there, and that this user may run');
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function checkProtocol(protocol: string | undefined): void {
  const why = { auto: 'it is the host that finds out', 'qemu-ga': "of qemu-ga the guest's side is the agent's own program" };
  if (protocol === 'auto' || protocol === 'qemu-ga')
    invalidOption('--protocol', protocol, `one of ${guestProtocols.join(', ')} with guest: ${why[protocol]}`);
}

/** What a host has begun goes with its session: with its line, or with virtagent-2 when that was not resumed. */
function dropWithSession({ peer }: Session, { protocol }: LineOptions, drop: () => void): void {
  let last = 0;
  let kept: NodeJS.Timeout | undefined;
  peer.link$.subscribe(({ state }) => {
    if (state === 'down' && protocol === 'virtagent-2') {
      kept = setTimeout(drop, durations.keep).unref();
    } else if (state === 'down' || state === 'ended') {
      drop();
    } else if (state === 'up') {
      clearTimeout(kept);
      if (peer.sessions !== last) drop();
      last = peer.sessions;
    }
  });
}

/** The guest's own calls: hello, where the protocol's greeting has not said it, and pings if asked for. On each line anew. */
function callHost({ peer, log }: Session, { protocol }: LineOptions, pingMs: number | undefined, stopped: AbortSignal): void {
  let line: AbortController | undefined;
  const warn = (method: string) => (error: unknown) => {
    const isOver = error instanceof VirtagentError && ['CANCELLED', 'LINE_LOST', 'STOPPED'].includes(error.code);
    if (!isOver) log.warn('call-failed', `${method}: ${reasonText(error)}`, { method });
  };
  peer.link$.subscribe(({ state }) => {
    if (state === 'up') {
      line = new AbortController();
      const signal = AbortSignal.any([line.signal, stopped]);
      if (protocol !== 'virtagent-v7') void sayHello(peer, signal).catch(warn('hello'));
      if (pingMs !== undefined) void pingAgain(peer, pingMs, signal, warn('ping'));
    } else if (state === 'down' || state === 'finishing') {
      line?.abort();
    }
  });
}

async function sayHello(peer: Peer, signal: AbortSignal): Promise<void> {
  try {
    await peer.call('hello', undefined, { signal, timeoutMs: CALL_MS });
  } catch (error) {
    // A host of another make need not know it.
    if (!(error instanceof VirtagentError && error.code === 'METHOD_NOT_FOUND')) throw error;
  }
}

async function pingAgain(peer: Peer, everyMs: number, signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    await peer.call('ping', undefined, { signal, timeoutMs: CALL_MS }).catch(failed);
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
}
