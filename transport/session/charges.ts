import { Granted, type Credit } from './allowance.ts';

/** What this side's requests have cost, against what the other side has granted. */
export class Charges {
  /** Of what was begun. */
  readonly #begun = { requests: 0, bytes: 0 };
  /** Of what was sent whole, which is all that the other side counts. */
  readonly #spent = { requests: 0, bytes: 0 };
  /** Messages of which nothing or not all was sent, and what is charged for each: what is given up of them has cost nothing. */
  readonly #unsent: { readonly payload: Uint8Array; readonly charge: number }[] = [];
  readonly #granted = new Granted();

  /** Of what was sent whole. */
  get spent(): Credit {
    return this.#spent;
  }

  /** Whether nothing is left to begin another request with. */
  get isAtEnd(): boolean {
    return this.#granted.isSpent(this.#begun);
  }

  /** Whether some message that costs something was begun and not sent whole. */
  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** A request is begun; again for each of its parts, which costs nothing more. */
  begin(payload: Uint8Array, charge: number): void {
    if (this.#unsent.some((one) => one.payload === payload)) return;
    this.#unsent.push({ payload, charge });
    this.#begun.requests++;
    this.#begun.bytes += charge;
  }

  /** A message is sent whole. Whether it has cost something. */
  end(payload: Uint8Array): boolean {
    const charge = this.#takeOut(payload);
    if (charge === undefined) return false;
    this.#spent.requests++;
    this.#spent.bytes += charge;
    return true;
  }

  /** A request is begun and sent whole. */
  once(charge: number): void {
    this.#begun.requests++;
    this.#begun.bytes += charge;
    this.#spent.requests++;
    this.#spent.bytes += charge;
  }

  /** A message will not be finished: what is free again, if it was charged. */
  forget(payload: Uint8Array): Credit | undefined {
    const charge = this.#takeOut(payload);
    if (charge === undefined) return undefined;
    this.#begun.requests--;
    this.#begun.bytes -= charge;
    return { requests: 1, bytes: charge };
  }

  #takeOut(payload: Uint8Array): number | undefined {
    const at = this.#unsent.findIndex((one) => one.payload === payload);
    return at < 0 ? undefined : this.#unsent.splice(at, 1)[0]?.charge;
  }

  /** A STATUS says what is granted: what is new of it. */
  heard(requests: number, bytes: number): Credit | undefined {
    return this.#granted.heard(requests, bytes);
  }
}
