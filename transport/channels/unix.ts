import { stat } from 'node:fs/promises';
import { invalidOption, type VirtagentError } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';
import type { Channel } from './channel.ts';
import { connectSocket } from './connect.ts';
import { channelError, errnoOf, unusable } from './explain.ts';
import { listenChannel, type ListenChannel } from './listen.ts';
import { makeChannel } from './make-channel.ts';
import { listenAt } from './socket-file.ts';
import { mustFit, socketPath } from './socket-path.ts';

/** Connects to a unix socket, anew on each open(). */
export function unixConnect(path: string): Channel {
  const where = socketPath(path);
  const name = `unix-connect ${where.shown}`;
  return makeChannel({
    name,
    reopens: true,
    opensOwnSockets: true,
    async open(signal) {
      mustFit(name, where);
      try {
        return await connectSocket({ path: where.address }, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw await explain(name, where.file, error);
      }
    },
  });
}

/** How a unix socket listens. */
export interface UnixListenOptions {
  /** Connections that the system queues before they are accepted; 511 unless told. */
  readonly backlog?: number;
}

const names = optionNames<UnixListenOptions>({ backlog: true });

/**
 * Listens at a unix socket that only this user can connect to (mode 0600). The socket file of a listener that is
 * gone is replaced, anything else at the path is left alone; close() removes the file if it is still its own.
 */
export function unixListen(path: string, options: UnixListenOptions = {}): ListenChannel<string> {
  checkNames('options', options, names);
  const { backlog } = options;
  if (backlog !== undefined && (!Number.isSafeInteger(backlog) || backlog < 1)) {
    invalidOption('backlog', backlog, 'a whole number from 1');
  }
  const where = socketPath(path);
  const name = `unix-listen ${where.shown}`;
  let remove: (() => void) | undefined;
  return listenChannel<string>({
    name,
    async start(server, signal) {
      mustFit(name, where);
      remove = await listenAt(server, where.file, where.address, name, { backlog, signal });
    },
    address: () => path,
    stop: () => remove?.(),
  });
}

/** Linux refuses a connection to any file that is no socket as if nobody listened. */
async function explain(name: string, file: string, error: unknown): Promise<VirtagentError> {
  if (errnoOf(error) === 'ECONNREFUSED') {
    const found = await stat(file).catch(() => undefined);
    if (found?.isSocket() === false) return unusable(name, 'what is there is no socket');
  }
  return channelError(name, error);
}
