import type { FileHandle } from 'node:fs/promises';
import type { Handler } from '../actors/index.ts';
import type { AllowedDirs } from './allowed-dirs.ts';
import { errnoError, errnoOf } from './errno.ts';
import { openAllowed } from './open-allowed.ts';
import { optionalCount, readParams, type Param } from './params.ts';

/** A piece of a file, as `getfile` gives it. */
export interface FilePiece {
  /** Base64. */
  readonly data: string;
  readonly offset: number;
  /** Bytes in `data`. */
  readonly length: number;
  /** The file's size when it was read. */
  readonly size: number;
  /** Whether the file ends with this piece. */
  readonly eof: boolean;
}

/** Bytes of one call: base64 makes 1.4 MiB of them, and a v7 message has at most 2 MiB. */
export const MOST_BYTES = 1024 * 1024;

/** Bytes of one read, after which a caller that is gone is noticed. */
const READ_BYTES = 256 * 1024;

/** Bytes of a path that a system call takes. */
const PATH_MAX = 4096;

const absolutePath: Param<string> = {
  allowed: `an absolute path of at most ${PATH_MAX - 1} bytes without NUL`,
  accepts: (value): value is string =>
    typeof value === 'string' && value.startsWith('/') && !value.includes('\0') && Buffer.byteLength(value) < PATH_MAX,
};

const shape = { path: absolutePath, offset: optionalCount(Number.MAX_SAFE_INTEGER - MOST_BYTES), length: optionalCount(MOST_BYTES) };

/** `getfile {path, offset?, length?}`: at most 1 MiB of a regular file in one of the allowed directories. */
export function getfile(allowed: AllowedDirs): Handler {
  return async (params: unknown, { signal }): Promise<FilePiece> => {
    const { path, offset = 0, length = MOST_BYTES } = readParams('getfile', params, shape);
    if (allowed.isEmpty) throw errnoError('EACCES', 'getfile is not allowed here: --allow-read');
    const file = await openAllowed(path, allowed);
    try {
      return await readPiece(file, offset, length, signal);
    } finally {
      await file.close();
    }
  };
}

async function readPiece(file: FileHandle, offset: number, length: number, signal: AbortSignal): Promise<FilePiece> {
  // One byte more than asked for tells whether the file goes on; its size does not, in /proc.
  const bytes = Buffer.alloc(length + 1);
  let read = 0;
  while (read < bytes.length) {
    signal.throwIfAborted();
    const want = Math.min(READ_BYTES, bytes.length - read);
    const { bytesRead } = await file.read(bytes, read, want, offset + read).catch(notRead);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  const data = bytes.subarray(0, Math.min(read, length));
  const { size } = await file.stat();
  return { data: data.toString('base64'), offset, length: data.length, size, eof: read <= length };
}

function notRead(error: unknown): never {
  throw errnoError('EIO', `the file can not be read (${errnoOf(error) ?? 'unknown'})`);
}
