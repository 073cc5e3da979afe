import { setTimeout as pause } from 'node:timers/promises';
import { VirtagentError } from '../actors/index.ts';
import type { CopyWork } from './copy-files.ts';
import { deadlineBeside } from './deadline.ts';
import { exitStatusOf, runCommand } from './guest-command.ts';

const CLEANING_MS = 2000;

/** What a short command came to. */
export interface Ran {
  readonly status: number;
  readonly out: Buffer;
  readonly err: Buffer;
}

/**
 * Runs a short script in the guest, with `$1` and so on. Undefined where that can't be: the agent may not (guest-exec is
 * disabled), there is no shell (Windows), or no such program.
 */
export async function runInGuest(work: CopyWork, script: string, args: readonly string[], extraMs = 0): Promise<Ran | undefined> {
  const deadline = deadlineBeside(work.signal, work.timeoutMs + extraMs);
  const runner = { call: work.callOnce, pause: async (ms: number) => pause(ms, undefined, { signal: deadline.signal }) };
  try {
    const status = await runCommand(runner, { path: '/bin/sh', args: ['-c', script, 'sh', ...args] });
    const exit = exitStatusOf(status);
    // A shell's own ways to say that there is no such program.
    return exit === 127 ? undefined : { status: exit, out: status.out, err: status.err };
  } catch (error) {
    if (error instanceof VirtagentError) {
      if (isNoCommand(error)) return undefined;
      throw error;
    }
    if (work.signal.aborted) throw new VirtagentError('CANCELLED', 'the copy was cancelled', { known: 'perhaps-executed' });
    throw new VirtagentError('TIMEOUT', 'a command of the copy did not end in the guest in time', {
      known: 'perhaps-executed',
      method: 'guest-exec',
      cause: error,
    });
  } finally {
    deadline.end();
  }
}

/** The same work after a cancel: what is left to do is brief. */
export function cleaning(work: CopyWork): CopyWork {
  return { ...work, callOnce: work.lastCall, signal: AbortSignal.timeout(CLEANING_MS) };
}

/** Whether an error says that the agent runs no commands, or not this one. */
function isNoCommand(error: VirtagentError): boolean {
  if (error.code === 'METHOD_NOT_FOUND') return true;
  return error.method === 'guest-exec' && error.code === 'REMOTE_ERROR';
}
