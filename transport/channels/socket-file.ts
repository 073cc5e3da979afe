import { chmodSync, closeSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { VirtagentError } from '../errors.ts';
import { bounds } from './bounds.ts';
import { connectSocket } from './connect.ts';
import { errnoOf, unusable } from './explain.ts';
import { startServer } from './listen.ts';
import { fits } from './socket-path.ts';

/**
 * Makes `server` listen at the path `file`, with mode 0600. Returns how to take the file away again.
 *
 * The socket is bound in a folder that only this user can enter, given its mode, and only then linked to its
 * path. So nobody meets it with another mode or before it listens (and takes it for a stale one), nothing that
 * is there is overwritten, and Node, which on close unlinks the path that it bound whoever has that by then,
 * finds nothing to unlink. A process's umask is not touched: threads share it, and workers may not set it.
 */
export async function listenAt(server: Server, file: string, address: string, name: string, options: BindOptions): Promise<() => void> {
  try {
    return await replace();
  } catch (error) {
    // Somebody was faster. If that was somebody who has gone again, there is one more try.
    if (errnoOf(error) !== 'EEXIST') throw error;
    return replace();
  }

  async function replace(): Promise<() => void> {
    await clearStale(file, address, name);
    options.signal.throwIfAborted();
    return bind(server, file, options.backlog);
  }
}

interface BindOptions {
  readonly backlog: number | undefined;
  readonly signal: AbortSignal;
}

async function bind(server: Server, file: string, backlog: number | undefined): Promise<() => void> {
  const folder = mkdtempSync(`${file}.`);
  try {
    // Not a fixed name: after close() Node unlinks it once more, by a path that may by then mean something else.
    const inside = join(folder, folder.slice(-6));
    await listenIn(server, folder, inside, backlog);
    chmodSync(inside, 0o600);
    linkSync(inside, file);
    const own = look(file);
    return () => removeOwn(file, own);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listenIn(server: Server, folder: string, inside: string, backlog: number | undefined): Promise<void> {
  const options = backlog === undefined ? {} : { backlog };
  if (fits(inside)) return startServer(server, { path: inside, ...options });
  // The folder's name made a path too long that was not; through its descriptor the folder has a short one.
  const descriptor = openSync(folder, 'r');
  try {
    await startServer(server, { path: `/proc/self/fd/${descriptor}/${folder.slice(-6)}`, ...options });
  } finally {
    closeSync(descriptor);
  }
}

/** Removes the socket file of a listener that is gone. Throws if anything else is at the path. */
async function clearStale(file: string, address: string, name: string, tries = 3): Promise<void> {
  const found = look(file);
  if (found === undefined) return;
  if (!found.isSocket()) throw unusable(name, 'what is there is no socket, and is not overwritten');
  const refusal = await probe(address);
  // Its listener went in this moment, and with it the connections that it had not accepted.
  if (refusal === 'ECONNRESET' && tries > 1) return clearStale(file, address, name, tries - 1);
  switch (refusal) {
    case 'ENOENT':
      return;
    case 'ECONNREFUSED':
      return takeAway(file, found);
    case 'EACCES':
    case 'EPERM':
      throw new VirtagentError('CHANNEL_DENIED', `${name}: there is a socket that this user may not connect to`);
    // Its queue is full, or it is of another type: somebody has it all the same.
    case 'EAGAIN':
    case 'EPROTOTYPE':
    case undefined:
      throw new VirtagentError('CHANNEL_IN_USE', `${name}: another process listens there`);
    default:
      throw new VirtagentError('CHANNEL_FAILED', `${name}: it can't be seen whether another process listens there (${refusal})`);
  }
}

/** Why nobody can be reached there, as an errno; undefined if somebody was. */
async function probe(address: string): Promise<string | undefined> {
  try {
    const socket = await connectSocket({ path: address }, new AbortController().signal);
    socket.destroy();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/**
 * Only who has the lock unlinks that socket, and sees first that it is still there: without it, several processes
 * that start at once unlink the socket that one of them has made meanwhile.
 */
function takeAway(file: string, stale: BigIntStats): void {
  const lock = `${file}.${stale.ino}.lock`;
  breakAbandoned(lock);
  mkdirSync(lock, 0o700);
  try {
    if (sameFile(look(file), stale)) unlinkSync(file);
  } finally {
    rmdirSync(lock);
  }
}

/** A lock is held for microseconds, within one turn; its owner was killed in them. As a folder it is never more than a lock. */
function breakAbandoned(lock: string): void {
  const found = look(lock);
  if (found === undefined || Date.now() - Number(found.mtimeMs) < bounds.lockMs) return;
  try {
    rmdirSync(lock);
  } catch {
    // Gone by now, or in use by now: taking it will tell.
  }
}

/** While the server listens its file's inode stays taken, so another file can't have the same number. */
function removeOwn(file: string, own: BigIntStats | undefined): void {
  const found = look(file);
  if (own === undefined || found?.dev !== own.dev || found.ino !== own.ino) return;
  try {
    unlinkSync(file);
  } catch {
    // Gone, or in a folder that can't be written to any more: the next listener finds it stale.
  }
}

/** With the time of its making: the numbers of inodes are used again at once. */
function sameFile(one: BigIntStats | undefined, other: BigIntStats): boolean {
  return one?.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

function look(file: string): BigIntStats | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}
