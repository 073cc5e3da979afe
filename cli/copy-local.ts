import { createHash, randomBytes } from 'node:crypto';
import { constants, rmSync, type Stats } from 'node:fs';
import { open, realpath, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';
import { thrownAway } from './copy-files.ts';
import { reasonOf } from './errno.ts';
import { notRead, notWritten } from './local-failure.ts';
import { hasLeft } from './output.ts';
import { chunksOf, standardInput } from './standard-input.ts';

/** What a copy reads here. */
export interface LocalSource {
  readonly name: string;
  /** Undefined where it is known at the end only. */
  readonly size: number | undefined;
  readonly mode: number | undefined;
  /** Whether it can be read from its beginning again. */
  readonly isRepeatable: boolean;
  /** The next bytes, `most` of them unless it ends; none at its end. */
  read(most: number): Promise<Buffer>;
  /** Goes back to the beginning. */
  rewind(): void;
  close(): Promise<void>;
}

/** What a copy writes here. */
export interface LocalTarget {
  readonly name: string;
  /** What becomes of a copy that fails, in words. */
  readonly left: string;
  /** Fails before anything is moved if there is no room. */
  reserve(bytes: number): Promise<void>;
  write(bytes: Buffer): Promise<void>;
  /** All is there and is what was sent: it takes its name. */
  finish(mode: number | undefined): Promise<void>;
  /** What is there is thrown away. May be called after {@link finish}. */
  drop(): Promise<void>;
}

/** Opens a regular file, or `-`. Throws INPUT_FAILED, and INVALID_OPTION for what is no such file. */
export async function openSource(path: string, signal: AbortSignal): Promise<LocalSource> {
  if (path === '-') return new InputSource(standardInput(), signal);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => notRead(quote(path), reasonOf(error)));
  const found = await file.stat();
  if (found.isFile()) return new FileSource(path, file, found);
  await file.close();
  const what = found.isDirectory() ? 'a file, not a directory' : 'a regular file, or - for standard input';
  throw new VirtagentError('INVALID_OPTION', `SRC is ${quote(path)}; it takes ${what}`);
}

/** Prepares a file beside the one at `path`, or `-`. A directory takes `name`. Throws OUTPUT_FAILED, and INVALID_OPTION for what is no place for one. */
export async function openTarget(path: string, name: string): Promise<LocalTarget> {
  if (path === '-') return new OutputTarget(process.stdout);
  const there = await stat(path).catch((error: unknown) => (path.endsWith('/') ? notWritten(quote(path), reasonOf(error)) : undefined));
  if (there?.isDirectory() === true) return fileTarget(join(path, name), await stat(join(path, name)).catch(() => undefined));
  return fileTarget(path, there);
}

class FileSource implements LocalSource {
  readonly name: string;
  readonly size: number | undefined;
  readonly mode: number;
  readonly isRepeatable = true;
  readonly #file: FileHandle;
  readonly #found: Stats;
  #at = 0;

  constructor(name: string, file: FileHandle, found: Stats) {
    this.name = name;
    // In /proc it says nothing.
    this.size = found.size === 0 ? undefined : found.size;
    this.mode = found.mode & 0o777;
    this.#file = file;
    this.#found = found;
  }

  async read(most: number): Promise<Buffer> {
    const bytes = Buffer.alloc(most);
    let read = 0;
    while (read < most) {
      const { bytesRead } = await this.#file
        .read(bytes, read, most - read, this.#at + read)
        .catch((error: unknown) => notRead(quote(this.name), reasonOf(error)));
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    this.#at += read;
    if (read < most || this.#at > (this.size ?? Infinity)) await this.#checkSame();
    return bytes.subarray(0, read);
  }

  rewind(): void {
    this.#at = 0;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #checkSame(): Promise<void> {
    if (this.size === undefined) return;
    const { size, mtimeMs } = await this.#file.stat();
    if (this.#at === this.size && size === this.size && mtimeMs === this.#found.mtimeMs) return;
    notRead(quote(this.name), 'it changed while it was copied', 'Copy it again when nobody writes it.');
  }
}

class InputSource implements LocalSource {
  readonly name = 'standard input';
  readonly size = undefined;
  readonly mode = undefined;
  readonly isRepeatable = false;
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  readonly #signal: AbortSignal;

  constructor(input: Readable, signal: AbortSignal) {
    this.#signal = signal;
    this.#chunks = chunksOf(input, signal);
  }

  async read(most: number): Promise<Buffer> {
    while (this.#held.length < most) {
      const next = await this.#chunks.next().catch((error: unknown) => {
        throw this.#signal.aborted ? new VirtagentError('CANCELLED', 'the copy was cancelled') : error;
      });
      if (next.done === true) break;
      this.#held = Buffer.concat([this.#held, next.value]);
    }
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(most);
    return bytes;
  }

  rewind(): void {
    throw new Error('standard input can not be read again');
  }

  async close(): Promise<void> {}
}

async function fileTarget(path: string, there: Stats | undefined): Promise<LocalTarget> {
  if (there !== undefined && !there.isFile()) {
    const what = there.isDirectory() ? 'no directory of that name in it' : 'a regular file, a directory, or - for standard output';
    throw new VirtagentError('INVALID_OPTION', `DST is ${quote(path)}; it takes ${what}`);
  }
  // A link is followed: what it leads to is replaced, and the link stays.
  const real = await realpath(path).catch(() => path);
  const temporary = join(dirname(real), `.${basename(real).slice(0, 100)}.virtagent-${randomBytes(6).toString('hex')}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o600).catch((error: unknown) => notWritten(quote(path), reasonOf(error)));
  return new FileTarget(path, real, temporary, file, there);
}

class FileTarget implements LocalTarget {
  readonly name: string;
  readonly left = thrownAway;
  readonly #real: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #before: Stats | undefined;
  readonly #onExit = (): void => rmSync(this.#temporary, { force: true });
  #isOver = false;

  constructor(name: string, real: string, temporary: string, file: FileHandle, before: Stats | undefined) {
    this.name = name;
    this.#real = real;
    this.#temporary = temporary;
    this.#file = file;
    this.#before = before;
    // Also when a second Ctrl-C ends this process on the spot.
    process.once('exit', this.#onExit);
  }

  async reserve(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#real)).catch((error: unknown) => notWritten(quote(this.name), reasonOf(error)));
    if (bytes > bavail * bsize) notWritten(quote(this.name), `ENOSPC: there is no room for ${bytes} bytes`);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#file.appendFile(bytes).catch((error: unknown) => notWritten(quote(this.name), reasonOf(error)));
  }

  async finish(mode: number | undefined): Promise<void> {
    try {
      await this.#file.chmod(mode ?? (this.#before === undefined ? 0o666 & ~process.umask() : this.#before.mode & 0o777));
      if (this.#before !== undefined && process.getuid?.() === 0) await this.#file.chown(this.#before.uid, this.#before.gid);
      await this.#file.sync();
      await rename(this.#temporary, this.#real);
    } catch (error) {
      notWritten(quote(this.name), reasonOf(error));
    }
    this.#over();
    await this.#file.close();
  }

  async drop(): Promise<void> {
    if (this.#isOver) return;
    this.#over();
    await this.#file.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }

  #over(): void {
    this.#isOver = true;
    process.off('exit', this.#onExit);
  }
}

/** Whoever read standard output has closed it, and needs no more. */
export class ReaderLeft extends Error {
  override readonly name = 'ReaderLeft';
}

class OutputTarget implements LocalTarget {
  readonly name = 'standard output';
  readonly left = 'standard output has had it already: do not use it';
  readonly #output: NodeJS.WriteStream;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  async reserve(): Promise<void> {}

  async write(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#output.write(bytes, (error) => (error ? reject(error) : resolve()));
    }).catch((error: unknown) => {
      if (hasLeft(this.#output, error as Error)) throw new ReaderLeft();
      notWritten(this.name, reasonOf(error));
    });
  }

  async finish(): Promise<void> {}

  async drop(): Promise<void> {}
}

/** A running SHA-256 with the number of bytes that went into it. */
export class Sum {
  bytes = 0;
  readonly #hash = createHash('sha256');

  add(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  /** In hexadecimal. To be asked for once. */
  end(): string {
    return this.#hash.digest('hex');
  }
}
