import { BYTES_MODULUS, COUNT_MODULUS, unwrapped } from './numbers.ts';

/** A number of requests, and of bytes that they are charged. */
export interface Credit {
  readonly requests: number;
  readonly bytes: number;
}

/** What a request is charged besides its own bytes: the work and the memory that each makes. */
export const REQUEST_CHARGE = 2048;

/** What this side allows the other: granted when a request is begun, refused or given up, so that what waits here is bounded. */
export class Allowance {
  readonly #room: Credit;
  /** Bytes that the last request may go beyond. */
  readonly #beyond: number;
  /** What has come, or was lost on the way. */
  #came = { requests: 0, bytes: 0 };
  /** What of it no longer waits. */
  #done = { requests: 0, bytes: 0 };
  #told = { requests: 0, bytes: 0 };

  /** `largest`: bytes of the largest message that is taken. */
  constructor(room: Credit, largest: number) {
    this.#room = room;
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
    this.#came = { requests: this.#came.requests + requestsLost, bytes: this.#came.bytes + bytesLost };
    this.#done = { requests: this.#done.requests + requestsLost, bytes: this.#done.bytes + bytesLost };
  }

  /** All that is allowed since the session began. */
  get granted(): Credit {
    return { requests: this.#done.requests + this.#room.requests, bytes: this.#done.bytes + this.#room.bytes };
  }

  /** Whether it is time to tell: half of the room is to be told, or the other side has nothing left. */
  get isDue(): boolean {
    const more = this.#done.requests + this.#room.requests - this.#told.requests;
    const moreBytes = this.#done.bytes + this.#room.bytes - this.#told.bytes;
    if (more <= 0 && moreBytes <= 0) return false;
    if (more * 2 >= this.#room.requests || moreBytes * 2 >= this.#room.bytes) return true;
    return this.#came.requests >= this.#told.requests || this.#came.bytes >= this.#told.bytes;
  }

  /** As a STATUS says it: the other side may count on it from now on. */
  tell(): Credit {
    this.#told = { ...this.granted };
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
