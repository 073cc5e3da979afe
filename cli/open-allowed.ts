import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AllowedDirs } from './allowed-dirs.ts';
import { errnoError, errnoOf } from './errno.ts';

/** Neither a FIFO nor a device keeps the opener waiting, and a terminal does not become ours. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

// One answer for all that is outside, so that nobody learns what there is.
const denied = () => errnoError('EACCES', 'not a file that may be read here (--allow-read)');

/**
 * Opens a regular file whose real path lies in one of the directories. What counts is what was opened: a path can
 * mean something else a moment later.
 */
export async function openAllowed(path: string, allowed: AllowedDirs): Promise<FileHandle> {
  // Opening alone can have effects (a watchdog, a tape), so what is clearly outside is not even opened.
  const before = await realpath(path).catch(() => undefined);
  if (before !== undefined && !allowed.contains(before)) throw denied();
  const file = await open(path, flags).catch(async (error: unknown) => Promise.reject(await whyNotOpened(path, error, allowed)));
  try {
    const found = await file.stat({ bigint: true });
    if (!allowed.contains(await realPathOf(file, path, found))) throw denied();
    if (!found.isFile()) throw notRegular(found.isDirectory());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Where an open file is, as the kernel says. Throws for one that has no name any more. */
async function realPathOf(file: FileHandle, path: string, found: BigIntStats): Promise<string> {
  // Without /proc there is only the path, which then has to lead to the same file once more.
  const real = await readlink(`/proc/self/fd/${file.fd}`).catch(async () => realpath(path).catch(() => ''));
  // The kernel marks what was deleted with " (deleted)", which is a name too: the file there has to be this one.
  const there = await lstat(real, { bigint: true }).catch(() => undefined);
  if (there?.dev !== found.dev || there.ino !== found.ino) throw denied();
  return real;
}

/** Why a path could not be opened: said only of what would have been inside. */
async function whyNotOpened(path: string, error: unknown, allowed: AllowedDirs): Promise<Error> {
  const nearest = await nearestExisting(path);
  // A link that leads nowhere is an existing file whose real path is not known.
  const real = nearest === undefined ? undefined : await realpath(nearest).catch(() => undefined);
  if (real === undefined || !allowed.contains(real)) return denied();
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return errnoError('ENOENT', 'there is no such file');
  // A socket, or a device that has no driver.
  if (errno === 'ENXIO' || errno === 'ENODEV') return notRegular((await stat(path)).isDirectory());
  return denied();
}

async function nearestExisting(path: string): Promise<string | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    if (found !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}

function notRegular(isDirectory: boolean): Error {
  return isDirectory ? errnoError('EISDIR', 'it is a directory') : errnoError('ENOTSUP', 'it is not a regular file');
}
