import { BYTES_MODULUS, COUNT_MODULUS, unwrapped } from './numbers.ts';

/** A number of requests, and of bytes that they are charged. */
export interface Credit {
  readonly requests: number;
  readonly bytes: number;
}

/** What a request is charged besides its own bytes: the work and the memory that each makes. */
export const REQUEST_CHARGE = 2048;

const nothing: Credit = Object.freeze({ requests: 0, bytes: 0 });

/** What of the other side's requests has a place here. */
export interface Room {
  /** What may wait. */
  readonly waiting: Credit;
  /** What may run besides without being in the way: beyond it, less may wait. */
  readonly running: Credit;
}

/**
 * What this side allows the other: granted when a request is begun, refused or given up, so that what waits here is bounded; and later, when
 * what runs has ended, where that holds much.
 */
export class Allowance {
  readonly #room: Credit;
  readonly #mayRun: Credit;
  /** Bytes that the last request may go beyond. */
  readonly #beyond: number;
  /** What has come, or was lost on the way. */
  #came = { requests: 0, bytes: 0 };
  /** What of it no longer waits. */
  #done = { requests: 0, bytes: 0 };
  /** What of it was lost behind the last frame that came: the other side sends it again on the next line. */
  #missing = nothing;
  readonly #running = { requests: 0, bytes: 0 };
  #told = { requests: 0, bytes: 0 };

  /** `largest`: bytes of the largest message that is taken. */
  constructor({ waiting, running }: Room, largest: number) {
    this.#room = waiting;
    this.#mayRun = running;
    this.#beyond = largest + REQUEST_CHARGE;
  }

  /**
   * A request has come. False: the other side had no credit for it.
   *
   * The last to begin may go beyond the bytes that are left, and it may end before others that began earlier and are in more pieces: so
   * any but that one may find its bytes exceeded.
   */
  take(bytes: number): boolean {
    const allowed = this.#came.requests < this.#told.requests && this.#came.bytes < this.#told.bytes + this.#beyond;
    this.#came.requests++;
    this.#came.bytes += bytes + REQUEST_CHARGE;
    return allowed;
  }

  /** One that had come no longer waits. */
  release(bytes: number): void {
    this.#done.requests++;
    this.#done.bytes += bytes + REQUEST_CHARGE;
  }

  /** One that had come is run. */
  begin(bytes: number): void {
    this.release(bytes);
    this.#running.requests++;
    this.#running.bytes += bytes + REQUEST_CHARGE;
  }

  /** One that was run is answered, and holds nothing any more. */
  end(bytes: number): void {
    this.#running.requests--;
    this.#running.bytes -= bytes + REQUEST_CHARGE;
  }

  /**
   * What the other side says that it has sent whole, on a line that keeps its order and sends nothing again: what has not come of it was
   * lost.
   */
  spent(requests: number, bytes: number): void {
    const lost = unwrapped(requests, this.#came.requests, COUNT_MODULUS) - this.#came.requests;
    const lostBytes = unwrapped(bytes, this.#came.bytes, BYTES_MODULUS) - this.#came.bytes;
    if (lost <= 0) return;
    // It can't have lost what it was never allowed to send.
    const requestsLost = Math.min(lost, Math.max(0, this.#told.requests - this.#came.requests));
    const bytesLost = Math.max(0, lostBytes);
    this.#missing = { requests: this.#missing.requests + requestsLost, bytes: this.#missing.bytes + bytesLost };
    this.#came = { requests: this.#came.requests + requestsLost, bytes: this.#came.bytes + bytesLost };
    this.#done = { requests: this.#done.requests + requestsLost, bytes: this.#done.bytes + bytesLost };
  }

  /** A frame has come: what was lost before it is not sent again. */
  frameTaken(): void {
    this.#missing = nothing;
  }

  /** On a new line what is missing comes again, or is lost again: it is not to be counted twice. What was told of it stays allowed. */
  lineUp(): void {
    const { requests, bytes } = this.#missing;
    this.#came = { requests: this.#came.requests - requests, bytes: this.#came.bytes - bytes };
    this.#done = { requests: this.#done.requests - requests, bytes: this.#done.bytes - bytes };
    this.frameTaken();
  }

  /** All that is allowed since the session began. What was told is not taken back. */
  get granted(): Credit {
    return { requests: this.#of('requests'), bytes: this.#of('bytes') };
  }

  #of(what: keyof Credit): number {
    const inTheWay = Math.max(0, this.#running[what] - this.#mayRun[what]);
    return Math.max(this.#told[what], this.#done[what] + this.#room[what] - inTheWay);
  }

  /** Whether it is time to tell: half of the room is to be told, or the other side has nothing left. */
  get isDue(): boolean {
    const more = this.#of('requests') - this.#told.requests;
    const moreBytes = this.#of('bytes') - this.#told.bytes;
    if (more <= 0 && moreBytes <= 0) return false;
    if (more * 2 >= this.#room.requests || moreBytes * 2 >= this.#room.bytes) return true;
    return this.#came.requests >= this.#told.requests || this.#came.bytes >= this.#told.bytes;
  }

  /** As a STATUS says it: the other side may count on it from now on. */
  tell(): Credit {
    this.#told = { requests: this.#of('requests'), bytes: this.#of('bytes') };
    return { requests: this.#told.requests % COUNT_MODULUS, bytes: this.#told.bytes % BYTES_MODULUS };
  }
}

/** What the other side allows this one, as its STATUS frames say. */
export class Granted {
  #requests = 0;
  #bytes = 0;

  /** Whether nothing is left. */
  isSpent({ requests, bytes }: Credit): boolean {
    return requests >= this.#requests || bytes >= this.#bytes;
  }

  /** What is new of it. A STATUS that was overtaken by a later one says nothing new. */
  heard(requests: number, bytes: number): Credit | undefined {
    const more = unwrapped(requests, this.#requests, COUNT_MODULUS) - this.#requests;
    const moreBytes = unwrapped(bytes, this.#bytes, BYTES_MODULUS) - this.#bytes;
    if (more < 0 || moreBytes < 0 || (more === 0 && moreBytes === 0)) return undefined;
    this.#requests += more;
    this.#bytes += moreBytes;
    return { requests: more, bytes: moreBytes };
  }
}
