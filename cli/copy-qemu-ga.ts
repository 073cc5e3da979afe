import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';
import { badAnswer, bytesOf, countOf, hashMs, isDifferent, MOST_UNKNOWN_BYTES, objectOf } from './copy-files.ts';
import type { CopyWork, GuestFiles, Moved } from './copy-files.ts';
import { Sum, type LocalSource, type LocalTarget } from './copy-local.ts';
import { withName } from './copy-places.ts';
import { cleaning, runInGuest, type Ran } from './copy-qemu-ga-exec.ts';
import { aborted } from './stopping.ts';

/** QEMU's guest agent: its file commands, and where it may run commands, `sha256sum` and `mv`. */
export const qemuGaFiles: GuestFiles = { fetch: fetchFile, store: storeFile };

async function fetchFile(path: string, target: LocalTarget, work: CopyWork): Promise<Moved> {
  const file = await GuestFile.open(path, 'r', work);
  try {
    const size = await file.size();
    if (size > 0) await target.reserve(size);
    const { sum, pieces } = await readAll(file, path, size, work, async (bytes, total) => {
      await target.write(bytes);
      work.progress(total, size === 0 ? undefined : size);
    });
    const sha256 = sum.end();
    const theirs = await hashThere(path, sum.bytes, work);
    if (theirs !== undefined) {
      if (theirs !== sha256) isDifferent(path, 'the guest has another SHA-256, or it changed meanwhile', target.left);
      return { bytes: sum.bytes, sha256, pieces, guestPath: path, checked: "sha256 is that of the guest's sha256sum" };
    }
    const again = await readAgain(file, path, size, work);
    if (again !== sha256) isDifferent(path, 'a second reading gave other bytes', target.left);
    return { bytes: sum.bytes, sha256, pieces, guestPath: path, checked: 'the file was read twice: the guest runs no sha256sum' };
  } finally {
    await file.close();
  }
}

async function storeFile(source: LocalSource, name: string, path: string, mode: number | undefined, work: CopyWork): Promise<Moved> {
  const named = path.endsWith('/') ? withName(path, name) : path;
  const suffix = `.virtagent-${randomBytes(6).toString('hex')}`;
  const final = await prepare(named, name, suffix, work);
  // Without commands there is no renaming, and the file is written where it is to be.
  if (final === undefined) return storeInPlace(source, named, mode, work);
  try {
    const moved = await writeAll(source, `${final}${suffix}`, work);
    await place(`${final}${suffix}`, final, mode, work);
    return { ...moved, guestPath: final };
  } catch (error) {
    await runInGuest(cleaning(work), 'rm -f -- "$1"', [`${final}${suffix}`]).catch(() => {});
    throw error;
  }
}

async function storeInPlace(source: LocalSource, path: string, mode: number | undefined, work: CopyWork): Promise<Moved> {
  if (mode !== undefined) throw new VirtagentError('UNSUPPORTED', 'the agent there runs no commands, and --keep-mode needs them');
  work.note(`the agent there runs no commands: ${quote(path)} is written in place, and is incomplete until the copy has ended`);
  try {
    return await writeAll(source, path, work, 'it is there all the same');
  } catch (error) {
    work.note(`${quote(path)} in the guest is incomplete, unless it could not be opened`);
    throw error;
  }
}

async function writeAll(source: LocalSource, path: string, work: CopyWork, left?: string): Promise<Moved> {
  // Read back through the same handle.
  const file = await GuestFile.open(path, 'w+', work);
  const sum = new Sum();
  let pieces = 0;
  try {
    for (;;) {
      const bytes = await source.read(work.pace.bytes);
      if (bytes.length === 0) break;
      const begun = performance.now();
      await file.write(sum.bytes, bytes);
      work.pace.took(bytes.length, performance.now() - begun);
      sum.add(bytes);
      pieces++;
      work.progress(sum.bytes, source.size);
    }
    await file.flush();
    const size = await file.size();
    if (size !== sum.bytes) isDifferent(path, `it has ${size} bytes there, not ${sum.bytes}`, left);
    const sha256 = sum.end();
    const theirs = await hashThere(path, sum.bytes, work);
    const checked =
      theirs === undefined ? 'the file was read back: the guest runs no sha256sum' : "sha256 is that of the guest's sha256sum";
    if ((theirs ?? (await readAgain(file, path, size, work))) !== sha256) isDifferent(path, 'its SHA-256 differs', left);
    return { bytes: sum.bytes, sha256, pieces, guestPath: path, checked };
  } finally {
    await file.close();
  }
}

async function readAgain(file: GuestFile, path: string, size: number, work: CopyWork): Promise<string> {
  await file.seek(0, 'set');
  return (await readAll(file, path, size, work, () => {})).sum.end();
}

async function readAll(
  file: GuestFile,
  path: string,
  size: number,
  work: CopyWork,
  take: (bytes: Buffer, total: number) => Promise<void> | void,
): Promise<{ sum: Sum; pieces: number }> {
  const sum = new Sum();
  for (let pieces = 0; ;) {
    const begun = performance.now();
    const { bytes, eof } = await file.read(sum.bytes, work.pace.bytes);
    work.pace.took(bytes.length, performance.now() - begun);
    sum.add(bytes);
    pieces++;
    if (sum.bytes > (size === 0 ? MOST_UNKNOWN_BYTES : size))
      badAnswer('guest-file-read', `${quote(path)} goes on after its ${size} bytes`);
    if (bytes.length > 0) await take(bytes, sum.bytes);
    else if (!eof) badAnswer('guest-file-read', 'it has no bytes, and is not the end');
    if (!eof) continue;
    if (size > 0 && sum.bytes !== size) badAnswer('guest-file-read', `${quote(path)} ended at ${sum.bytes} of its ${size} bytes`);
    return { sum, pieces };
  }
}

/**
 * A directory takes the name; a link is followed, so that what it leads to is replaced and the link stays. The agent itself
 * would make the temporary file for everybody to write (its umask is 0).
 */
const prepareScript = `f=$1
if test -d "$f"; then f=\${f%/}/$2; fi
if test -L "$f"; then f=$(readlink -f "$f") || exit 21; fi
if test -e "$f" && ! test -f "$f"; then exit 21; fi
set -C; umask 077; : >"$f$3" || exit 22
printf %s "$f"`;

const otherRemedy = 'Name another path: what is there is not written over.';
const remedy = "Name a folder that is there in the guest, and that the agent's user may write to.";

/** Makes the temporary file beside the final path, and gives that; undefined if the guest runs no commands. */
async function prepare(path: string, name: string, suffix: string, work: CopyWork): Promise<string | undefined> {
  const ran = await runInGuest(work, prepareScript, [path, name, suffix]);
  if (ran === undefined) return undefined;
  if (ran.status === 0 && ran.out.length > 0) return ran.out.toString();
  if (ran.status === 21)
    throw new VirtagentError(
      'HANDLER_FAILED',
      `${quote(`guest:${path}`)} can not be written: it is neither a regular file nor a directory`,
      {
        known: 'executed',
        data: { remedy: otherRemedy },
      },
    );
  throw new VirtagentError('HANDLER_FAILED', `${quote(`guest:${path}`)} can not be written: ${saidBy(ran)}`, {
    known: 'executed',
    data: { remedy },
  });
}

/** A directory that has appeared there meanwhile would take the file in. */
const placeScript = `test ! -d "$2" || exit 21
if test -n "$3"; then chmod "$3" "$1" || exit
elif test -f "$2"; then chmod "$(stat -c %a "$2")" "$1" && chown "$(stat -c %u:%g "$2")" "$1" || exit
else chmod 644 "$1" || exit
fi
mv -f -- "$1" "$2"`;

/** Moves the file to its place, with the permissions of the one that it replaces unless it is given some. */
async function place(temporary: string, final: string, mode: number | undefined, work: CopyWork): Promise<void> {
  const permissions = mode === undefined ? '' : mode.toString(8);
  const moved = await runInGuest(work, placeScript, [temporary, final, permissions]);
  if (moved?.status === 0) return;
  const why = moved === undefined ? 'the agent runs no commands any more' : saidBy(moved);
  throw new VirtagentError('HANDLER_FAILED', `the guest did not move the file to ${quote(final)}: ${why}`, {
    known: 'executed',
    data: { remedy },
  });
}

function saidBy({ status, err }: Ran): string {
  if (status === 21) return 'a directory is there';
  return quote(err.toString().trim() || `status ${status}`, 200);
}

/** The SHA-256 that the guest's own program gives; undefined where it runs none. */
async function hashThere(path: string, bytes: number, work: CopyWork): Promise<string | undefined> {
  const ran = await runInGuest(work, 'sha256sum -- "$1"', [path], hashMs(bytes));
  // A name with a backslash or a line break is marked by one.
  const digest = ran?.status === 0 ? /^\\?([\da-f]{64}) /.exec(ran.out.toString('latin1')) : undefined;
  return digest?.[1];
}

/** An agent that opens a file takes far less, unless it hangs. */
const LATE_OPEN_MS = 1000;

/** A file that the agent has open. It stays open there until it is closed, whoever leaves. */
class GuestFile {
  readonly #handle: number;
  readonly #work: CopyWork;
  #isOpen = true;

  private constructor(handle: number, work: CopyWork) {
    this.#handle = handle;
    this.#work = work;
  }

  static async open(path: string, mode: 'r' | 'w+', work: CopyWork): Promise<GuestFile> {
    const opening = work.callThrough('guest-file-open', { path, mode }).then((answer) => {
      return new GuestFile(countOf('guest-file-open', 'the handle', answer), work);
    });
    const file = await Promise.race([opening, aborted(work.signal)]);
    if (file !== undefined) return file;
    // It may be open by now, or soon. A FIFO takes for ever.
    await Promise.race([opening.then(async (late) => late.close()).catch(() => {}), pause(LATE_OPEN_MS)]);
    throw new VirtagentError('CANCELLED', 'the copy was cancelled', { known: 'perhaps-executed', method: 'guest-file-open' });
  }

  /** 0 where it can't be told, as in /proc. Leaves the position at the beginning. */
  async size(): Promise<number> {
    const end = await this.seek(0, 'end').catch((error: unknown) => {
      if (error instanceof VirtagentError && error.code === 'REMOTE_ERROR') return 0;
      throw error;
    });
    await this.seek(0, 'set');
    return end;
  }

  async seek(offset: number, whence: 'set' | 'end'): Promise<number> {
    const answer = await this.#work.call('guest-file-seek', { handle: this.#handle, offset, whence });
    const { position } = objectOf('guest-file-seek', answer);
    // The end of a directory is where no file can have one.
    if (typeof position === 'number' && position > Number.MAX_SAFE_INTEGER)
      badAnswer('guest-file-seek', 'it is a directory, or no regular file');
    return countOf('guest-file-seek', 'position', position);
  }

  async read(offset: number, count: number): Promise<{ bytes: Buffer; eof: boolean }> {
    const answer = objectOf('guest-file-read', await this.#at(offset, 'guest-file-read', { count }));
    const bytes = bytesOf('guest-file-read', answer['buf-b64'], count);
    const { eof } = answer;
    if (answer['count'] !== bytes.length)
      badAnswer('guest-file-read', `count is ${quote(answer['count'], 40)}, with ${bytes.length} bytes`);
    return typeof eof === 'boolean' ? { bytes, eof } : badAnswer('guest-file-read', `eof is ${quote(eof, 40)}`);
  }

  async write(offset: number, bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const rest = bytes.subarray(written);
      const answer = await this.#at(offset + written, 'guest-file-write', { 'buf-b64': rest.toString('base64') });
      const count = countOf('guest-file-write', 'count', objectOf('guest-file-write', answer)['count']);
      if (count === 0 || count > rest.length) badAnswer('guest-file-write', `count is ${count}, of ${rest.length}`);
      written += count;
    }
  }

  async flush(): Promise<void> {
    await this.#work.call('guest-file-flush', { handle: this.#handle });
  }

  /** Lets the agent's handle go, also after a cancel, as far as there is still a line. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#work.lastCall('guest-file-close', { handle: this.#handle }).catch(() => {});
  }

  /** A command at a position: after a lost line nobody knows whether the last one moved it. */
  async #at(offset: number, method: string, params: object): Promise<unknown> {
    for (;;) {
      try {
        return await this.#work.callOnce(method, { handle: this.#handle, ...params });
      } catch (error) {
        if (!this.#work.mayGoOn(error)) throw error;
        await this.seek(offset, 'set');
      }
    }
  }
}
