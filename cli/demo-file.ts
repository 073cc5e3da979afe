import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import type { Peer } from '../actors/index.ts';
import { VirtagentError } from '../actors/index.ts';
import type { FilePiece } from './getfile.ts';

/** A part of a real file that the demo fetches. */
export interface DemoFile {
  readonly path: string;
  /** From its start. */
  readonly bytes: number;
}

/** What came of fetching it. */
export interface FetchedFile extends DemoFile {
  readonly pieces: number;
  readonly sha256: string;
  /** Whether it is what a read of the file here gives. */
  readonly isEqual: boolean;
}

const PIECE_BYTES = 64 * 1024;

/** v7's window: more would only wait here. */
const IN_FLIGHT = 5;

const LEAST_BYTES = 300_000;
const MOST_BYTES = 2_000_000;

/** A file of several hundred kB that is surely there: this command itself, or else the beginning of Node. */
export async function chooseFile(): Promise<DemoFile> {
  for (const candidate of [process.argv[1] ?? '', process.execPath]) {
    const path = await realpath(candidate).catch(() => '');
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true && found.size >= LEAST_BYTES) return { path, bytes: Math.min(found.size, MOST_BYTES) };
  }
  throw new Error('there is no file to fetch');
}

/** Fetches it in pieces, several at once, and compares what came with the file. */
export async function fetchFile(peer: Peer, file: DemoFile, signal: AbortSignal, progress: (bytes: number) => void): Promise<FetchedFile> {
  const whole = Buffer.alloc(file.bytes);
  let next = 0;
  let done = 0;
  let pieces = 0;
  const fetchSome = async (): Promise<void> => {
    while (next < file.bytes) {
      const offset = next;
      const length = Math.min(PIECE_BYTES, file.bytes - offset);
      next += length;
      const piece = await peer.call('getfile', { path: file.path, offset, length }, { signal });
      put(whole, piece as FilePiece, length);
      pieces++;
      progress((done += length));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, fetchSome));
  const sha256 = hash(whole);
  return { ...file, pieces, sha256, isEqual: sha256 === hash(await readHere(file)) };
}

function put(whole: Buffer, piece: FilePiece, length: number): void {
  const bytes = Buffer.from(piece.data, 'base64');
  if (bytes.length !== length) throw new VirtagentError('INVALID_RESPONSE', `a piece has ${bytes.length} bytes, not ${length}`);
  whole.set(bytes, piece.offset);
}

async function readHere({ path, bytes }: DemoFile): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
