import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';
import type { LocalSource, LocalTarget } from './copy-local.ts';
import type { Pace } from './pace.ts';

/** What has been moved, and how it is known to be right. */
export interface Moved {
  readonly bytes: number;
  readonly sha256: string;
  readonly pieces: number;
  /** Where it is in the guest: a directory as DST takes the file's own name. */
  readonly guestPath: string;
  /** In words, such as `length and sha256 are those of the guest`. */
  readonly checked: string;
  /** The permissions that the file has in the guest, where they are known. */
  readonly mode?: number | undefined;
}

/** One copy's means: how it calls, how fast, and whom it tells. */
export interface CopyWork {
  /** Calls the guest; after a lost line again, if that was asked for: for what may be done twice. */
  readonly call: (method: string, params: object, extraMs?: number) => Promise<unknown>;
  /** The same for a piece: asked for again when no answer has come in a part of its time. A serial line loses bytes. */
  readonly callPiece: (method: string, params: object) => Promise<unknown>;
  /** Calls it once, for what may not be done twice. */
  readonly callOnce: (method: string, params: object, extraMs?: number) => Promise<unknown>;
  /** Calls it once, and a cancel does not end that: for what has to be undone. */
  readonly callThrough: (method: string, params: object) => Promise<unknown>;
  /** Calls it once more for cleaning up: briefly, whatever was cancelled. */
  readonly lastCall: (method: string, params: object) => Promise<unknown>;
  /** Whether a copy goes on after a lost line. */
  readonly retries: boolean;
  /** Whether an error is a lost line after which the copy goes on. */
  readonly mayGoOn: (error: unknown) => boolean;
  readonly pace: Pace;
  /** Told how much is there. The size is undefined while it is not known. */
  readonly progress: (bytes: number, size: number | undefined) => void;
  /** Told what a user should know beside the result. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
  /** Of each call, and of each command in the guest. */
  readonly timeoutMs: number;
  /** Whether bytes cross the line as they are. */
  readonly carriesBytes: boolean;
}

/** How files are moved to and from one kind of guest. */
export interface GuestFiles {
  fetch(path: string, target: LocalTarget, work: CopyWork): Promise<Moved>;
  /** `mode`: the permissions that the file is to have; undefined leaves them to the guest. */
  store(source: LocalSource, name: string, path: string, mode: number | undefined, work: CopyWork): Promise<Moved>;
}

/** Files whose size is not known before they are read (in /proc) are small; a guest that goes on for ever is cut off. */
export const MOST_UNKNOWN_BYTES = 64 * 1024 * 1024;

/** Bytes that any guest hashes, or a second read takes, in a millisecond at the very least. */
const HASHED_PER_MS = 10_000;

/** How much longer than usual a guest may take to hash that many bytes. */
export function hashMs(bytes: number): number {
  return Math.ceil(bytes / HASHED_PER_MS);
}

/** The bytes of a piece as a guest gave it, or INVALID_RESPONSE. `most` is what was asked for. */
export function bytesOf(method: string, data: unknown, most: number): Buffer {
  const bytes = data instanceof Uint8Array ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : decoded(method, data, most);
  if (bytes.length > most) badAnswer(method, `it has ${bytes.length} bytes, of ${most} that were asked for`);
  return bytes;
}

/** Decoding is lenient: what it skips would not be missed otherwise. */
function decoded(method: string, data: unknown, most: number): Buffer {
  const bytes = typeof data === 'string' && data.length <= Math.ceil(most / 3) * 4 ? Buffer.from(data, 'base64') : undefined;
  if (bytes === undefined || bytes.toString('base64') !== data) badAnswer(method, 'its data is no base64 of what was asked for');
  return bytes;
}

/** Fails a copy because of what the guest answered. */
export function badAnswer(method: string, what: string): never {
  throw new VirtagentError('INVALID_RESPONSE', `${method}: the guest's answer can not be used: ${what}`, { method, known: 'executed' });
}

/** What becomes of most copies that fail. */
export const thrownAway = 'it was thrown away';

/** Fails a copy whose file is there but is not what the other side has; `left` says what becomes of it. */
export function isDifferent(path: string, what: string, left = thrownAway): never {
  throw new VirtagentError('INVALID_RESPONSE', `the copy of ${quote(path)} is not what was sent: ${what}; ${left}`, {
    known: 'executed',
  });
}

/** A number of an answer that is a count, or INVALID_RESPONSE. */
export function countOf(method: string, name: string, value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : badAnswer(method, `${name} is ${quote(value, 40)}`);
}

/** An answer that is an object, or INVALID_RESPONSE. */
export function objectOf(method: string, value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : badAnswer(method, 'it is no object');
}
