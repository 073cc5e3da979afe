import { randomBytes } from 'node:crypto';
import { constants, existsSync, unlinkSync, type Stats } from 'node:fs';
import { lstat, open, readlink, realpath, rename, stat, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { AllowedDirs } from './allowed-dirs.ts';
import { errnoError, errnoOf } from './errno.ts';

/** Bytes of a name in a folder. */
const NAME_MAX = 255;

// One answer for all that is outside, so that nobody learns what there is.
const denied = () => errnoError('EACCES', 'not a file that may be written here (--allow-write)');

/** Node has no openat: a name below an open folder's own link in /proc is looked up in that folder, wherever its path leads meanwhile. */
const hasProc = existsSync('/proc/self/fd');

/**
 * Where a file is to be: a name in an allowed folder that is held open, and a temporary file beside it that takes the name
 * when it is whole. Nobody ever sees half a file under that name.
 */
export class WriteTarget {
  /** The temporary file, open for writing and reading; private until it is placed. */
  readonly file: FileHandle;
  /** The regular file that has the name now, if any. */
  readonly before: Stats | undefined;
  readonly #folder: FileHandle;
  readonly #base: string;
  readonly #name: string;
  readonly #temporary: string;
  readonly #allowed: AllowedDirs;
  #isThere = true;

  private constructor(
    folder: OpenFolder,
    name: string,
    temporary: string,
    file: FileHandle,
    before: Stats | undefined,
    allowed: AllowedDirs,
  ) {
    this.#folder = folder.handle;
    this.#base = folder.base;
    this.#name = name;
    this.#temporary = temporary;
    this.file = file;
    this.before = before;
    this.#allowed = allowed;
  }

  /** Rejects with a MethodError: the same for whatever lies outside. */
  static async open(path: string, allowed: AllowedDirs): Promise<WriteTarget> {
    const { folderPath, name } = await placeOf(path, allowed);
    const folder = await openFolder(folderPath, allowed);
    try {
      const before = await lstat(`${folder.base}/${name}`).catch(() => undefined);
      if (before !== undefined && !before.isFile()) throw before.isSymbolicLink() ? denied() : notRegular(before);
      const temporary = `.virtagent-${randomBytes(9).toString('hex')}.part`;
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const file = await open(`${folder.base}/${temporary}`, flags, 0o600).catch(notWritten);
      return new WriteTarget(folder, name, temporary, file, before, allowed);
    } catch (error) {
      await folder.handle.close();
      throw error;
    }
  }

  /** Bytes that the file system of the folder has for this user. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#base).catch(notWritten);
    return bavail * bsize;
  }

  /** Gives the file its permissions and its name, replacing the regular file that has it. Nothing is left open. */
  async place(mode: number | undefined): Promise<void> {
    const { before } = this;
    await this.file.chmod(mode ?? (before === undefined ? 0o666 & ~process.umask() : before.mode & 0o777)).catch(notWritten);
    if (before !== undefined && process.getuid?.() === 0) await this.file.chown(before.uid, before.gid).catch(notWritten);
    await this.file.sync().catch(notWritten);
    // The folder itself may have been moved away meanwhile.
    if (!this.#allowed.contains(await realPathOf(this.#folder, this.#base))) throw denied();
    await rename(this.#at(this.#temporary), this.#at(this.#name)).catch(notWritten);
    this.#isThere = false;
    await this.#folder.sync().catch(() => {});
    await this.#close();
  }

  /** Removes the temporary file. May be called again. */
  async drop(): Promise<void> {
    if (!this.#isThere) return;
    this.#isThere = false;
    await unlink(this.#at(this.#temporary)).catch(() => {});
    await this.#close();
  }

  /** The same at the end of the process, when nothing can be waited for. */
  dropNow(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    try {
      unlinkSync(this.#at(this.#temporary));
    } catch {
      // Then it is gone already, or the folder is.
    }
  }

  async #close(): Promise<void> {
    await Promise.all([this.file.close().catch(() => {}), this.#folder.close().catch(() => {})]);
  }

  #at(name: string): string {
    return `${this.#base}/${name}`;
  }
}

interface OpenFolder {
  readonly handle: FileHandle;
  /** A path that leads to this very folder, as far as the system has one. */
  readonly base: string;
}

/** The folder and the name that a path means, every link followed. */
async function placeOf(path: string, allowed: AllowedDirs): Promise<{ folderPath: string; name: string }> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) {
    if (!allowed.contains(real)) throw denied();
    const found = await stat(real).catch(() => undefined);
    if (found !== undefined && !found.isFile()) throw notRegular(found);
    return { folderPath: dirname(real), name: basename(real) };
  }
  // A link that leads nowhere is something that exists, and its real path is not known.
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw denied();
  const folderPath = await realpath(dirname(path)).catch(() => undefined);
  if (folderPath === undefined) throw await whyNoFolder(dirname(path), allowed);
  if (!allowed.contains(folderPath)) throw denied();
  const name = basename(path);
  if (Buffer.byteLength(name) > NAME_MAX) throw errnoError('ENAMETOOLONG', `a name has at most ${NAME_MAX} bytes`);
  if (path.endsWith('/') || !(await stat(folderPath)).isDirectory()) throw noFolder();
  return { folderPath, name };
}

/** Why there is no such folder: said only of what would have been inside. */
async function whyNoFolder(path: string, allowed: AllowedDirs): Promise<Error> {
  for (let at = path; ; at = dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    const real = found === undefined ? undefined : await realpath(at).catch(() => '');
    if (real !== undefined) return allowed.contains(real) ? noFolder() : denied();
    if (at === dirname(at)) return denied();
  }
}

async function openFolder(path: string, allowed: AllowedDirs): Promise<OpenFolder> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => {
    throw denied();
  });
  const base = hasProc ? `/proc/self/fd/${handle.fd}` : path;
  // What counts is what was opened: a path can mean something else a moment later.
  if (allowed.contains(await realPathOf(handle, base))) return { handle, base };
  await handle.close();
  throw denied();
}

async function realPathOf(folder: FileHandle, base: string): Promise<string> {
  const real = await (hasProc ? readlink(base) : realpath(base)).catch(() => '');
  const [there, found] = await Promise.all([lstat(real, { bigint: true }).catch(() => undefined), folder.stat({ bigint: true })]);
  return there !== undefined && there.dev === found.dev && there.ino === found.ino ? real : '';
}

function noFolder(): Error {
  return errnoError('ENOENT', 'there is no such folder');
}

function notRegular(found: Stats): Error {
  return found.isDirectory() ? errnoError('EISDIR', 'it is a directory') : errnoError('ENOTSUP', 'it is not a regular file');
}

/** Why the system did not write: no path in it, for the temporary name is nobody's business. */
export function notWritten(error: unknown): never {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') throw errnoError('ENOSPC', 'there is no room for the file');
  if (errno === 'EISDIR') throw errnoError('EISDIR', 'it is a directory');
  throw errnoError('EIO', `the file can not be written (${errno ?? 'unknown'})`);
}
