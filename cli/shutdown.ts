import { spawn } from 'node:child_process';
import type { Handler } from '../actors/index.ts';
import { errnoError, errnoOf } from './errno.ts';
import type { Log } from './log.ts';
import { oneOf, readParams } from './params.ts';

/** How a machine can be ended: the words of the original. */
const modes = ['halt', 'powerdown', 'reboot'] as const;

/** Its parameters. */
export const shutdownShape = { shutdown_mode: oneOf(modes) };

/**
 * `shutdown {shutdown_mode}`: runs `COMMAND MODE`, without a shell, and answers once it has been started. What it does then
 * ends the machine, and us with it.
 */
export function shutdown(command: string | undefined, log: Log): Handler {
  return async (params: unknown): Promise<undefined> => {
    const { shutdown_mode: mode } = readParams('shutdown', params, shutdownShape);
    // v7 has one number, EPERM, for an unknown method: a refusal needs another.
    if (command === undefined) throw errnoError('EACCES', 'shutdown is not allowed here: --allow-shutdown');
    log.info('shutdown', `shutdown: ${mode}`, { mode });
    await start(command, mode, log);
    return undefined;
  };
}

function start(command: string, mode: string, log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    // Detached: the command outlives this guest, and the signals that a terminal sends to it.
    const child = spawn(command, [mode], { shell: false, stdio: 'ignore', detached: true });
    child.unref();
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(errnoError('ENOEXEC', `the shutdown command can not be started (${errnoOf(error) ?? 'unknown'})`)),
    );
    child.once('exit', (code, signal) => {
      if (code !== 0) log.warn('shutdown', `the shutdown command ended with ${code ?? signal}`, { code, signal });
    });
  });
}
