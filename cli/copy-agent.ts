import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';
import { badAnswer, bytesOf, countOf, hashMs, isDifferent, MOST_UNKNOWN_BYTES, objectOf } from './copy-files.ts';
import type { CopyWork, GuestFiles, Moved } from './copy-files.ts';
import { Sum, type LocalSource, type LocalTarget } from './copy-local.ts';
import { withName } from './copy-places.ts';
import type { FilePiece } from './getfile.ts';

/** Pieces that are under way at once: one on the line, one being read or written, one on its way back. v7's window has room for more calls. */
const IN_FLIGHT = 3;

/** Beginnings of one copy, where lines are lost again and again. */
const MOST_ATTEMPTS = 20;

/** Linux' numbers, as our guest's answers have them. */
const EISDIR = -21;
const ESPIPE = -29;
const ESTALE = -116;

/** Our own guest: `getfile` and `putfile`. */
export const agentFiles: GuestFiles = { fetch: fetchFile, store: storeFile };

const checked = "length and sha256 are the guest's";

async function fetchFile(path: string, target: LocalTarget, work: CopyWork): Promise<Moved> {
  const first = await getPiece(path, { offset: 0, length: work.pace.bytes, details: true }, work);
  const { size, version } = first.answer;
  if (typeof version !== 'string') badAnswer('getfile', 'it has no version: is it an older guest?');
  if (size > 0) await target.reserve(size);
  const sum = new Sum();
  let pieces = 1;
  const take = async (piece: Piece): Promise<void> => {
    sum.add(piece.bytes);
    if (sum.bytes > (size === 0 ? MOST_UNKNOWN_BYTES : size)) badAnswer('getfile', `the file goes on after its ${size} bytes`);
    await target.write(piece.bytes);
    work.progress(sum.bytes, size === 0 ? undefined : size);
  };
  await take(first);
  let isOver = first.answer.eof;
  let next = sum.bytes;
  await inOrder(
    () => {
      // Of a file whose size says nothing, one piece after the other.
      if (isOver || (size > 0 ? next >= size : next > sum.bytes)) return undefined;
      const offset = next;
      const length = size > 0 ? Math.min(work.pace.bytes, size - offset) : work.pace.bytes;
      next += length;
      return async () => getPiece(path, { offset, length, version }, work);
    },
    async (piece) => {
      pieces++;
      await take(piece);
      isOver = piece.answer.eof;
      if (isOver) next = sum.bytes;
    },
    size > 0 ? IN_FLIGHT : 1,
  );
  if (!isOver || (size > 0 && sum.bytes !== size)) badAnswer('getfile', `the file has ${sum.bytes} bytes, and was said to have ${size}`);
  const sha256 = sum.end();
  const theirs = first.answer.sha256 ?? (await hashThere(path, sum.bytes, version, work));
  if (theirs !== sha256) isDifferent(path, 'its SHA-256 differs', target.left);
  const { mode } = first.answer;
  return { bytes: sum.bytes, sha256, pieces, guestPath: path, checked, mode: mode === undefined ? undefined : mode & 0o777 };
}

interface Piece {
  readonly bytes: Buffer;
  readonly answer: FilePiece;
}

async function getPiece(
  path: string,
  asked: { offset: number; length: number; details?: true; version?: string },
  work: CopyWork,
): Promise<Piece> {
  const begun = performance.now();
  const answer = objectOf(
    'getfile',
    await work.callPiece('getfile', { path, ...asked, ...(work.carriesBytes ? { encoding: 'bytes' } : {}) }).catch(changed(path)),
  );
  const bytes = bytesOf('getfile', answer['data'], asked.length);
  work.pace.took(bytes.length, performance.now() - begun);
  const { offset, eof } = answer;
  if (offset !== asked.offset) badAnswer('getfile', `its offset is ${quote(offset, 40)}, not ${asked.offset}`);
  if (typeof eof !== 'boolean') badAnswer('getfile', `eof is ${quote(eof, 40)}`);
  if (!eof && bytes.length !== asked.length) badAnswer('getfile', `it has ${bytes.length} bytes, of ${asked.length}, and is not the last`);
  if (answer['mode'] !== undefined) countOf('getfile', 'mode', answer['mode']);
  countOf('getfile', 'size', answer['size']);
  return { bytes, answer: answer as unknown as FilePiece };
}

async function hashThere(path: string, bytes: number, version: string, work: CopyWork): Promise<unknown> {
  const last = work.call('getfile', { path, offset: bytes, length: 0, version, sha256: true }, hashMs(bytes));
  return objectOf('getfile', await last.catch(changed(path)))['sha256'];
}

function changed(path: string): (error: unknown) => never {
  return (error) => {
    if (numberOf(error) !== ESTALE) throw error;
    const { known, remote, method } = error as VirtagentError;
    const message = `${quote(path)} changed in the guest while it was copied: copy it again`;
    throw new VirtagentError('REMOTE_ERROR', message, { known, remote, method, cause: error });
  };
}

async function storeFile(source: LocalSource, name: string, path: string, mode: number | undefined, work: CopyWork): Promise<Moved> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await storeOnce(source, name, path, mode, work);
    } catch (error) {
      // A guest drops what was begun on a line that is down.
      const isDropped = numberOf(error) === ESTALE && work.retries && source.isRepeatable;
      if (!isDropped || attempt === MOST_ATTEMPTS) throw error;
      work.note('the guest dropped what it had of the file: the copy begins again');
      source.rewind();
    }
  }
}

async function storeOnce(source: LocalSource, name: string, path: string, mode: number | undefined, work: CopyWork): Promise<Moved> {
  const guestPath = path.endsWith('/') ? withName(path, name) : path;
  const begun = await begin(source, name, guestPath, mode, work);
  const { transfer } = begun;
  try {
    const sum = new Sum();
    let isOver = false;
    let acknowledged = 0;
    let pieces = 0;
    let last: Promise<unknown> = Promise.resolve();
    await inOrder(
      async () => {
        if (isOver) return undefined;
        const bytes = await source.read(Math.min(work.pace.bytes, begun.most));
        isOver = bytes.length < 1;
        if (isOver) return undefined;
        const offset = sum.bytes;
        sum.add(bytes);
        pieces++;
        const before = last;
        return async () => (last = putPiece(transfer, offset, bytes, before, work));
      },
      (length) => work.progress((acknowledged += length), source.size),
      IN_FLIGHT,
    );
    const sha256 = sum.end();
    const end = await work.call('putfile', { transfer, size: sum.bytes, sha256 }, hashMs(sum.bytes));
    const answer = objectOf('putfile', end);
    if (answer['size'] !== sum.bytes || answer['sha256'] !== sha256) isDifferent(begun.path, 'the guest counts or hashes otherwise');
    return { bytes: sum.bytes, sha256, pieces, guestPath: begun.path, checked };
  } catch (error) {
    await work.lastCall('putfile', { transfer, abort: true }).catch(() => {});
    throw error;
  }
}

async function begin(
  source: LocalSource,
  name: string,
  path: string,
  mode: number | undefined,
  work: CopyWork,
): Promise<{ path: string; transfer: string; most: number }> {
  const { size } = source;
  const params = { path, ...(size === undefined ? {} : { size }), ...(mode === undefined ? {} : { mode }) };
  try {
    const answer = objectOf('putfile', await work.call('putfile', params));
    const { transfer } = answer;
    if (typeof transfer !== 'string' || transfer.length > 100) badAnswer('putfile', 'it names no transfer');
    return { path, transfer, most: Math.max(1, countOf('putfile', 'most', answer['most'])) };
  } catch (error) {
    if (numberOf(error) !== EISDIR || path.endsWith(`/${name}`) || name === '') throw error;
    return begin(source, name, withName(path, name), mode, work);
  }
}

/** Resolves to its length when the guest has it. `before`: when it has the piece before. */
async function putPiece(transfer: string, offset: number, bytes: Buffer, before: Promise<unknown>, work: CopyWork): Promise<number> {
  const begun = performance.now();
  const params = { transfer, offset, data: work.carriesBytes ? bytes : bytes.toString('base64') };
  try {
    await work.callPiece('putfile', params);
  } catch (error) {
    if (numberOf(error) !== ESPIPE) throw error;
    // The piece before was lost on the line, and is being sent again.
    await before;
    await work.callPiece('putfile', params);
  }
  work.pace.took(bytes.length, performance.now() - begun);
  return bytes.length;
}

/** Runs what `next` gives, `most` at once, and takes the results in order. When one fails, the others have ended too. */
async function inOrder<T>(
  next: () => Promise<(() => Promise<T>) | undefined> | (() => Promise<T>) | undefined,
  take: (result: T) => Promise<void> | void,
  most: number,
): Promise<void> {
  const running: Promise<T>[] = [];
  try {
    for (;;) {
      while (running.length < most) {
        const start = await next();
        if (start === undefined) break;
        const one = start();
        one.catch(() => {});
        running.push(one);
      }
      const first = running[0];
      if (first === undefined) return;
      await take(await first);
      void running.shift();
    }
  } finally {
    await Promise.allSettled(running);
  }
}

function numberOf(error: unknown): number | undefined {
  return error instanceof VirtagentError ? error.remote?.code : undefined;
}
