import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { VirtagentError, type Handler } from '../actors/index.ts';
import type { AllowedDirs } from './allowed-dirs.ts';
import { errnoError, errnoOf } from './errno.ts';
import { openAllowed } from './open-allowed.ts';
import { absolutePath, optionalCount, optionalFlag, optionalText, readParams } from './params.ts';

/** A piece of a file, as `getfile` gives it. */
export interface FilePiece<Data extends string | Uint8Array = string> {
  /** Base64; bytes where they were asked for. */
  readonly data: Data;
  readonly offset: number;
  /** Bytes in `data`. */
  readonly length: number;
  /** The file's size when it was read. */
  readonly size: number;
  /** Whether the file ends with this piece. */
  readonly eof: boolean;
  /** With `details`: names this content of this file; another one has another. Asked for again, it is what is wanted. */
  readonly version?: string;
  /** With `details`: the file's permissions, from 0 to 0o777. */
  readonly mode?: number;
  /** Of the whole file, in hexadecimal: with `sha256`, and with `details` where the piece is the whole file. */
  readonly sha256?: string;
}

/** Bytes of one call: base64 makes 1.4 MiB of them, and a v7 message has at most 2 MiB. */
export const MOST_BYTES = 1024 * 1024;

/** Bytes of one read, after which a caller that is gone is noticed. */
const READ_BYTES = 256 * 1024;

/** Its parameters. */
export const getfileShape = {
  path: absolutePath,
  offset: optionalCount(Number.MAX_SAFE_INTEGER - MOST_BYTES),
  length: optionalCount(MOST_BYTES),
  details: optionalFlag,
  version: optionalText('the version that an earlier piece had', /^[\w.-]{1,100}$/),
  sha256: optionalFlag,
  encoding: optionalText('bytes, or base64', /^(?:bytes|base64)$/),
};

/**
 * `getfile {path, offset?, length?, details?, version?, sha256?, encoding?}`: at most 1 MiB of a regular file in one of the allowed
 * directories. `encoding: 'bytes'` spares the base64, where the protocol carries bytes. With `version` only of the file that had it: pieces of two files are never taken for one.
 */
export function getfile(allowed: AllowedDirs): Handler {
  return async (params: unknown, { signal, protocol }): Promise<FilePiece<string | Uint8Array>> => {
    const { path, offset = 0, length = MOST_BYTES, details, version, sha256, encoding } = readParams('getfile', params, getfileShape);
    if (encoding === 'bytes' && protocol !== 'virtagent-2')
      throw new VirtagentError('INVALID_PARAMS', `getfile: encoding: ${protocol} carries no bytes; base64 is what it takes`);
    if (allowed.isEmpty) throw errnoError('EACCES', 'getfile is not allowed here: --allow-read');
    const file = await openAllowed(path, allowed);
    try {
      await checkVersion(file, version);
      const { data, ...piece } = await readPiece(file, offset, length, signal);
      // What is whole is hashed as it was read: /proc has files that are never twice the same.
      const isWhole = offset === 0 && piece.eof;
      const isHashed = sha256 === true || (details === true && isWhole);
      const digest = isHashed ? (isWhole ? hashOf(data) : await hashFile(file, signal)) : undefined;
      await checkVersion(file, isWhole ? undefined : version);
      return {
        data: encoding === 'bytes' ? data : data.toString('base64'),
        ...piece,
        ...(details === true ? await detailsOf(file) : {}),
        ...(digest === undefined ? {} : { sha256: digest }),
      };
    } finally {
      await file.close();
    }
  };
}

async function readPiece(
  file: FileHandle,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Omit<FilePiece, 'data'> & { data: Buffer }> {
  // One byte more than asked for tells whether the file goes on; its size does not, in /proc.
  const bytes = Buffer.alloc(length + 1);
  const read = await fill(file, bytes, offset, signal);
  const data = bytes.subarray(0, Math.min(read, length));
  const { size } = await file.stat();
  return { data, offset, length: data.length, size, eof: read <= length };
}

async function fill(file: FileHandle, bytes: Buffer, offset: number, signal: AbortSignal): Promise<number> {
  let read = 0;
  while (read < bytes.length) {
    signal.throwIfAborted();
    const want = Math.min(READ_BYTES, bytes.length - read);
    const { bytesRead } = await file.read(bytes, read, want, offset + read).catch(notRead);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}

/** The SHA-256 of an open file, from its first byte. */
export async function hashFile(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const bytes = Buffer.alloc(READ_BYTES);
  let read = 0;
  for (let offset = 0; (read = await fill(file, bytes, offset, signal)) > 0; offset += read) hash.update(bytes.subarray(0, read));
  return hash.digest('hex');
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function detailsOf(file: FileHandle): Promise<{ version: string; mode: number }> {
  const found = await file.stat({ bigint: true });
  return { version: versionOf(found), mode: Number(found.mode & 0o777n) };
}

/** What changes with the content, or when another file takes the name: the times are the kernel's, in nanoseconds. */
function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].map((number) => number.toString(36)).join('.');
}

async function checkVersion(file: FileHandle, version: string | undefined): Promise<void> {
  if (version !== undefined && (await detailsOf(file)).version !== version) throw errnoError('ESTALE', 'the file has changed');
}

function notRead(error: unknown): never {
  throw errnoError('EIO', `the file can not be read (${errnoOf(error) ?? 'unknown'})`);
}
