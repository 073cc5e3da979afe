import { basename } from 'node:path';
import { VirtagentError } from '../actors/index.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import { explain } from './call.ts';
import type { Context } from './context.ts';
import { agentFiles } from './copy-agent.ts';
import type { CopyWork, GuestFiles, Moved } from './copy-files.ts';
import { openSource, openTarget } from './copy-local.ts';
import { copyPlaces, shownPlace, type Place } from './copy-places.ts';
import { copyProgress, units } from './copy-progress.ts';
import { qemuGaFiles } from './copy-qemu-ga.ts';
import { MOST_BYTES } from './getfile.ts';
import { lineOptions, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
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

/** The file is there: the line's proper end may take this long. */
const END_MS = 1000;

/** What is said to the guest after a cancel may take this long. */
const LAST_CALL_MS = 1000;

/** Lines that one copy may lose: a guest that drops each would keep it for ever. */
const MOST_LOSSES = 100;

/** Copies one file, and says what came of it. Throws what went wrong, with nothing left under the target's name. */
export async function runCopy(source: string, target: string, raw: RawCopyOptions, context: Context): Promise<void> {
  const { from, to } = copyPlaces(source, target);
  const line = lineOptions({ ...raw, quiet: true });
  const timeoutMs = secondsOption('--timeout', raw.timeout) ?? durations.callTimeout;
  const pace = new Pace(pieceOption(raw.piece));
  const retries = checkRetry(raw.retry, line);
  checkStandard([from, to], line);
  const log = new Log(context.err, line.log);
  const methods = commonMethods('host', line.protocol);
  const open = { line, role: 'host', methods, reopens: retries, retries, log, err: context.err } as const;
  const begun = performance.now();
  // What is wrong here is said before a line is opened.
  const local =
    from.side === 'here' ? await openSource(from.path, context.stopping.signal) : await openTarget(to.path, basename(from.path));
  const bar = copyProgress(context.err, from.path, raw.quiet !== true && raw.json !== true);
  try {
    const session = await Session.open(open);
    try {
      const work = workOn(session, { pace, retries, timeoutMs, context, bar, isQuiet: raw.quiet === true });
      const files: GuestFiles = line.protocol === 'qemu-ga' ? qemuGaFiles : agentFiles;
      let moved: Moved;
      if ('read' in local) {
        moved = await files.store(
          local,
          from.path === '-' ? '' : basename(from.path),
          to.path,
          raw.keepMode === true ? local.mode : undefined,
          work,
        );
      } else {
        moved = await files.fetch(from.path, local, work);
        await local.finish(raw.keepMode === true ? moved.mode : undefined);
      }
      bar.end();
      const ends = {
        from: shownPlace(from),
        to: shownPlace(
          to.side === 'guest'
            ? { ...to, path: moved.guestPath }
            : { ...to, path: 'read' in local || to.path === '-' ? to.path : local.name },
        ),
      };
      report(
        moved,
        ends,
        performance.now() - begun,
        raw.json === true,
        to.path === '-' || line.channelName === 'stdio' ? context.err : context.out,
      );
    } catch (error) {
      throw explain(error, session);
    } finally {
      await session.end(END_MS);
    }
  } finally {
    bar.end();
    await ('read' in local ? local.close() : local.drop());
  }
}

interface WorkOptions {
  readonly pace: Pace;
  readonly retries: boolean;
  readonly timeoutMs: number;
  readonly context: Context;
  readonly bar: { moved: CopyWork['progress'] };
  readonly isQuiet: boolean;
}

function workOn({ peer }: Session, { pace, retries, timeoutMs, context, bar, isQuiet }: WorkOptions): CopyWork {
  const { signal } = context.stopping;
  let losses = 0;
  const note = (text: string): void => {
    if (!isQuiet) context.err.line(`virtagent: ${oneLine(text)}`);
  };
  const mayGoOn = (error: unknown): boolean => {
    if (!retries || signal.aborted || !(error instanceof VirtagentError) || error.code !== 'LINE_LOST') return false;
    return ++losses <= MOST_LOSSES;
  };
  const callOnce = async (method: string, params: object, extraMs = 0): Promise<unknown> =>
    peer.call(method, params as never, { timeoutMs: timeoutMs + extraMs, signal });
  return {
    pace,
    retries,
    timeoutMs,
    signal,
    note,
    mayGoOn,
    callOnce,
    async call(method, params, extraMs) {
      for (;;) {
        try {
          return await callOnce(method, params, extraMs);
        } catch (error) {
          if (!mayGoOn(error)) throw error;
        }
      }
    },
    lastCall: async (method, params) => {
      if (peer.link !== 'up') throw new VirtagentError('LINE_LOST', `${method}: there is no line`, { known: 'not-sent', method });
      return peer.call(method, params as never, { timeoutMs: LAST_CALL_MS });
    },
    progress: bar.moved,
  };
}

function report(moved: Moved, ends: { from: string; to: string }, tookMs: number, isJson: boolean, out: Context['out']): void {
  const { bytes, sha256, pieces, checked } = moved;
  if (isJson) return out.line(jsonLine({ ...ends, bytes, sha256, checked, pieces, tookMs: Math.round(tookMs) }));
  const rate = units((bytes * 1000) / Math.max(1, tookMs));
  out.line(
    `${oneLine(ends.from)} → ${oneLine(ends.to)}: ${bytes} bytes in ${Math.round(tookMs)} ms (${rate}/s), sha256 ${sha256}; checked: ${checked}`,
  );
}

function pieceOption(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const bytes = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (bytes < 1 || bytes > MOST_BYTES) invalidOption('--piece', value, `bytes, from 1 to ${MOST_BYTES}`);
  return bytes;
}

function checkRetry(retry: true | undefined, { channelName }: LineOptions): boolean {
  if (retry === true && channelName === 'stdio') invalidOption('--channel', channelName, 'one that can be opened again with --retry');
  return retry === true;
}

function checkStandard(places: readonly Place[], { channelName }: LineOptions): void {
  if (channelName === 'stdio' && places.some(({ side, path }) => side === 'here' && path === '-')) {
    invalidOption('SRC or DST', '-', 'a file with --channel stdio: standard input and output are the line');
  }
}
