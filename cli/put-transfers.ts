import { randomBytes } from 'node:crypto';
import { Timers, type Clock, type Timer } from '../transport/timers.ts';
import type { AllowedDirs } from './allowed-dirs.ts';
import { errnoError } from './errno.ts';
import { hashFile } from './getfile.ts';
import { notWritten, WriteTarget } from './write-target.ts';

/** Files that are being written at once: each holds two descriptors and a temporary file. */
export const MOST_TRANSFERS = 4;

/** A transfer of which nothing was heard for this long was given up by the host: it may have gone without our seeing it (isa-serial). */
export const IDLE_MS = 120_000;

/** What a host says of a file before or after its bytes. */
export interface PutDetails {
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
  readonly mode?: number | undefined;
}

/** One file on its way in. */
class Transfer {
  readonly target: WriteTarget;
  /** As the host announced it. */
  readonly size: number | undefined;
  readonly mode: number | undefined;
  /** Bytes that are there: there are no holes. */
  reached = 0;
  timer: Timer | undefined;
  /** Its calls, one after the other: the finishing one finds all pieces written. */
  last: Promise<unknown> = Promise.resolve();
  calls = 0;
  isOver = false;

  constructor(target: WriteTarget, { size, mode }: PutDetails) {
    this.target = target;
    this.size = size;
    this.mode = mode;
  }
}

/** The files that a host is sending: bounded in number and in time, and none outlives its line. */
export class PutTransfers {
  readonly #allowed: AllowedDirs;
  readonly #timers: Timers;
  readonly #open = new Map<string, Transfer>();
  /** Those that are being opened. */
  #coming = 0;
  /** Counts the lines: what was begun on one is not finished on another. */
  #line = 0;

  constructor(allowed: AllowedDirs, clock?: Clock) {
    this.#allowed = allowed;
    this.#timers = new Timers(clock);
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  get isAllowed(): boolean {
    return !this.#allowed.isEmpty;
  }

  /** Begins a file, and says by which name its pieces are to come. */
  async begin(path: string, details: PutDetails): Promise<string> {
    const transfer = await this.#begin(path, details);
    const id = randomBytes(12).toString('hex');
    this.#open.set(id, transfer);
    this.#rest(id, transfer);
    return id;
  }

  /** A whole small file. */
  async putWhole(path: string, bytes: Buffer, details: PutDetails, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
    const id = await this.begin(path, details);
    try {
      await this.piece(id, 0, bytes);
    } catch (error) {
      await this.abort(id);
      throw error;
    }
    return this.finish(id, details, signal);
  }

  /** Writes one piece; the same one again does no harm. Resolves to the bytes that there are. */
  async piece(id: string, offset: number, bytes: Buffer): Promise<number> {
    return this.#inTurn(id, async (transfer) => {
      await write(transfer, offset, bytes);
      return transfer.reached;
    });
  }

  /** Gives the file its name if it is what was sent. Whatever comes of it, the transfer is over. */
  async finish(id: string, details: PutDetails, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
    return this.#inTurn(id, async (transfer) => {
      try {
        return await finish(transfer, details, signal);
      } catch (error) {
        await this.#drop(id, transfer);
        throw error;
      } finally {
        this.#forget(id, transfer);
      }
    });
  }

  /** Gives a file up. One that is not there any more is given up already. */
  async abort(id: string): Promise<void> {
    const transfer = this.#open.get(id);
    if (transfer !== undefined) await this.#drop(id, transfer);
  }

  /** Gives all of them up: the line is down. */
  async dropAll(): Promise<void> {
    this.#line++;
    await Promise.all([...this.#open].map(async ([id, transfer]) => this.#drop(id, transfer)));
  }

  /** The same when the process ends on the spot. */
  dropAllNow(): void {
    for (const { target } of this.#open.values()) target.dropNow();
  }

  async #begin(path: string, details: PutDetails): Promise<Transfer> {
    if (this.#open.size + this.#coming >= MOST_TRANSFERS) {
      throw errnoError('EMFILE', `${MOST_TRANSFERS} files are being written already: finish one, or give it up`);
    }
    this.#coming++;
    const line = this.#line;
    try {
      const target = await WriteTarget.open(path, this.#allowed);
      const transfer = new Transfer(target, details);
      try {
        await this.#checkRoom(transfer);
        if (line !== this.#line) throw errnoError('ESTALE', 'the line on which it began is gone');
      } catch (error) {
        await target.drop();
        throw error;
      }
      return transfer;
    } finally {
      this.#coming--;
    }
  }

  /** A file that has no room is refused before it fills the disk, together with those that are under way. */
  async #checkRoom({ size = 0, target }: Transfer): Promise<void> {
    const free = await target.freeBytes();
    // Asked last: files that are begun together see each other.
    const announced = [...this.#open.values()].reduce((sum, other) => sum + Math.max(0, (other.size ?? 0) - other.reached), 0);
    if (size + announced > free) throw errnoError('ENOSPC', 'there is no room for the file');
  }

  async #inTurn<T>(id: string, work: (transfer: Transfer) => Promise<T>): Promise<T> {
    const transfer = this.#open.get(id);
    if (transfer === undefined) throw gone();
    this.#timers.cancel(transfer.timer);
    transfer.calls++;
    const turn = transfer.last.then(async () => {
      if (transfer.isOver) throw gone();
      return work(transfer);
    });
    transfer.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      if (--transfer.calls === 0 && !transfer.isOver) this.#rest(id, transfer);
    }
  }

  /** Nobody is at it: it has a while. */
  #rest(id: string, transfer: Transfer): void {
    this.#timers.cancel(transfer.timer);
    transfer.timer = this.#timers.start(IDLE_MS, () => void this.#drop(id, transfer));
  }

  async #drop(id: string, transfer: Transfer): Promise<void> {
    this.#forget(id, transfer);
    await transfer.target.drop();
  }

  #forget(id: string, transfer: Transfer): void {
    transfer.isOver = true;
    this.#timers.cancel(transfer.timer);
    this.#open.delete(id);
  }
}

async function write(transfer: Transfer, offset: number, bytes: Buffer): Promise<void> {
  const { size = Infinity, target } = transfer;
  // Without holes a file costs what was sent of it, on the disk and when it is hashed.
  if (offset > transfer.reached)
    throw errnoError('ESPIPE', `a piece begins at ${transfer.reached} at the latest, where the ones before it end`);
  if (offset + bytes.length > size) throw errnoError('EFBIG', `the file was announced with ${size} bytes`);
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await target.file.write(bytes, written, bytes.length - written, offset + written).catch(notWritten);
    written += bytesWritten;
  }
  transfer.reached = Math.max(transfer.reached, offset + bytes.length);
}

async function finish(transfer: Transfer, details: PutDetails, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
  const { target } = transfer;
  const { size } = await target.file.stat().catch(notWritten);
  const announced = details.size ?? transfer.size;
  if (announced !== undefined && size !== announced) throw errnoError('EILSEQ', `the file has ${size} bytes, not ${announced}`);
  const sha256 = await hashFile(target.file, signal);
  if (details.sha256 !== undefined && sha256 !== details.sha256)
    throw errnoError('EILSEQ', 'the file is not what was sent: its SHA-256 differs');
  await target.place(details.mode ?? transfer.mode);
  return { size, sha256 };
}

function gone(): Error {
  return errnoError('ESTALE', 'there is no such transfer (any more): begin again');
}
