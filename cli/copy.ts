import { VirtagentError } from '../actors/index.ts';
import { isConnecting } from '../transport/channels/open.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import { units } from './amounts.ts';
import { explain } from './call.ts';
import type { Context } from './context.ts';
import { agentFiles } from './copy-agent.ts';
import type { CopyWork, GuestFiles, Moved } from './copy-files.ts';
import { openSource, openTarget, ReaderLeft } from './copy-local.ts';
import { copyPlaces, nameOf, shownPlace, type Place } from './copy-places.ts';
import { copyProgress } from './copy-progress.ts';
import { qemuGaFiles } from './copy-qemu-ga.ts';
import { MOST_BYTES } from './getfile.ts';
import { hostProtocols, lineOptions, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import type { Output } from './output.ts';
import { Pace } from './pace.ts';
import { Session } from './session.ts';
import { jsonLine, oneLine } from './text.ts';

/** The options of `virtagent copy`, as commander has them. */
export interface RawCopyOptions extends RawLineOptions {
  readonly timeout?: string;
  readonly piece?: string;
  readonly keepMode?: true;
  readonly retry?: true;
}

/** The same, checked. */
interface CopyOptions {
  readonly from: Place;
  readonly to: Place;
  readonly line: LineOptions;
  readonly timeoutMs: number;
  readonly piece: number | undefined;
  readonly keepMode: boolean;
  readonly retries: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

/** What came of it, and where the file is now. */
interface Copied extends Moved {
  readonly to: string;
}

/** The file is there: the line's proper end may take this long. */
const END_MS = 1000;

/** What is said to the guest after a cancel may take this long. */
const LAST_CALL_MS = 1000;

/** How often a piece is asked for, or sent, within its time. */
const PIECE_ATTEMPTS = 3;

/** Lines that one copy may lose: a guest that drops each would keep it for ever. */
const MOST_LOSSES = 100;

/** Copies one file, and says what came of it. Throws what went wrong, with nothing left under the target's name. */
export async function runCopy(source: string, target: string, raw: RawCopyOptions, context: Context): Promise<void> {
  const options = copyOptions(source, target, raw);
  const { from, to, line } = options;
  const begun = performance.now();
  const copied = from.side === 'here' ? await copyThere(options, context) : await copyHere(options, context).catch(unlessLeft);
  if (copied === undefined) return;
  const out = to.path === '-' || line.channelName === 'stdio' ? context.err : context.out;
  report(copied, shownPlace(from), performance.now() - begun, options.isJson, out);
}

/** Nobody is told of a copy that nobody reads. */
function unlessLeft(error: unknown): undefined {
  if (!(error instanceof ReaderLeft)) throw error;
}

async function copyThere(options: CopyOptions, context: Context): Promise<Copied> {
  const { from, to, keepMode } = options;
  // What is wrong here is said before a line is opened.
  const source = await openSource(from.path, context.stopping.signal);
  try {
    return await onLine(options, context, async (work, files) => {
      const name = from.path === '-' ? '' : nameOf(from);
      const moved = await files.store(source, name, to.path, keepMode ? source.mode : undefined, work);
      return { ...moved, to: shownPlace({ ...to, path: moved.guestPath }) };
    });
  } finally {
    await source.close();
  }
}

async function copyHere(options: CopyOptions, context: Context): Promise<Copied> {
  const { from, to, keepMode } = options;
  const target = await openTarget(to.path, nameOf(from));
  try {
    return await onLine(options, context, async (work, files) => {
      const moved = await files.fetch(from.path, target, work);
      await target.finish(keepMode ? moved.mode : undefined);
      return { ...moved, to: to.path === '-' ? '-' : target.name };
    });
  } finally {
    await target.drop();
  }
}

/** Runs the copy itself on a line, with a bar that shows it. */
async function onLine(
  options: CopyOptions,
  context: Context,
  move: (work: CopyWork, files: GuestFiles) => Promise<Copied>,
): Promise<Copied> {
  const { line, retries, from, isQuiet, isJson } = options;
  const { err } = context;
  const session = await Session.open({
    line,
    role: 'host',
    methods: commonMethods('host', line.protocol),
    reopens: retries,
    retries: retries && isConnecting(line.channelName),
    log: new Log(err, line.log),
    err,
  });
  const bar = copyProgress(err, from.path, !isQuiet && !isJson);
  try {
    const protocol = await session.protocol({ timeoutMs: options.timeoutMs, signal: context.stopping.signal });
    const work = workOn(session, options, context, (bytes, size) => bar.moved(bytes, size));
    return await move(work, protocol === 'qemu-ga' ? qemuGaFiles : agentFiles);
  } catch (error) {
    throw explain(error, session);
  } finally {
    bar.end();
    await session.end(END_MS);
  }
}

function workOn(session: Session, options: CopyOptions, { stopping, err }: Context, progress: CopyWork['progress']): CopyWork {
  const { timeoutMs, retries, isQuiet, isJson, piece } = options;
  const log = new Log(err, { json: isJson, quiet: isQuiet });
  const { signal } = stopping;
  let losses = 0;
  const mayGoOn = (error: unknown): boolean => {
    if (!retries || signal.aborted || !(error instanceof VirtagentError) || error.code !== 'LINE_LOST') return false;
    return ++losses <= MOST_LOSSES;
  };
  const callOnce = async (method: string, params: object, extraMs = 0): Promise<unknown> =>
    session.call(method, params, { timeoutMs: timeoutMs + extraMs, signal });
  const call: CopyWork['call'] = async (method, params, extraMs) => {
    for (;;) {
      try {
        return await callOnce(method, params, extraMs);
      } catch (error) {
        if (!mayGoOn(error)) throw error;
      }
    }
  };
  return {
    pace: new Pace(piece),
    retries,
    timeoutMs,
    get carriesBytes() {
      return session.peer.protocol === 'virtagent-2';
    },
    signal,
    progress,
    mayGoOn,
    callOnce,
    callThrough: async (method, params) => session.call(method, params, { timeoutMs }),
    note: (text) => log.warn('copy', text),
    call,
    async callPiece(method, params) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await call(method, params, timeoutMs / PIECE_ATTEMPTS - timeoutMs);
        } catch (error) {
          const isLate = error instanceof VirtagentError && error.code === 'TIMEOUT' && error.remote === undefined;
          if (!isLate || attempt === PIECE_ATTEMPTS) throw error;
        }
      }
    },
    lastCall: async (method, params) => {
      // After a cancel qemu-ga's session is greeted anew, which takes one answer.
      const { link } = session.peer;
      if (link !== 'up' && link !== 'greeting')
        throw new VirtagentError('LINE_LOST', `${method}: there is no line`, { known: 'not-sent', method });
      return session.call(method, params, { timeoutMs: LAST_CALL_MS });
    },
  };
}

function report({ bytes, sha256, pieces, checked, to }: Copied, from: string, tookMs: number, isJson: boolean, out: Output): void {
  if (isJson) return out.line(jsonLine({ from, to, bytes, sha256, checked, pieces, tookMs: Math.round(tookMs) }));
  const rate = units((bytes * 1000) / Math.max(1, tookMs));
  const what = `${bytes} bytes in ${Math.round(tookMs)} ms (${rate}/s), sha256 ${sha256}`;
  out.line(`${oneLine(from)} → ${oneLine(to)}: ${what}; checked: ${checked}`);
}

function copyOptions(source: string, target: string, raw: RawCopyOptions): CopyOptions {
  const { from, to } = copyPlaces(source, target);
  const line = lineOptions({ ...raw, quiet: true }, hostProtocols);
  if (line.channelName === 'stdio') {
    if (raw.retry === true) invalidOption('--channel', 'stdio', 'any other channel with --retry');
    const standard = [from, to].some(({ side, path }) => side === 'here' && path === '-');
    if (standard) invalidOption('SRC or DST', '-', 'a file with --channel stdio: standard input and output are the line');
  }
  return {
    from,
    to,
    line,
    timeoutMs: secondsOption('--timeout', raw.timeout) ?? durations.callTimeout,
    piece: pieceOption(raw.piece),
    keepMode: raw.keepMode === true,
    retries: raw.retry === true,
    isQuiet: raw.quiet === true,
    isJson: raw.json === true,
  };
}

function pieceOption(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const bytes = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (bytes < 1 || bytes > MOST_BYTES) invalidOption('--piece', value, `bytes, from 1 to ${MOST_BYTES}`);
  return bytes;
}
