import { Agreement, type Heard } from '../../transport/session/agreement.ts';
import type { Hello } from '../../transport/codecs/virtagent-2-frames.ts';

type Op = { readonly do: 'begin' } | { readonly do: 'hear'; readonly hello: Hello; readonly now: number } | { readonly do: 'exchange' };

/** One side of a session's greeting: what a peer does with what its agreement says, without a wire. */
export class Side {
  /** What it said, oldest first, for whoever carries it. */
  readonly said: Hello[] = [];
  /** How each session began and ended: `agreed`, `resumed`, `over`. */
  readonly events: string[] = [];
  readonly #id: string;
  #ops: Op[] = [];
  #nonces = 0;
  #agreement!: Agreement;
  #hasSession = false;
  #sent = 0;
  #got = 0;
  #now = 0;

  constructor(id: string) {
    this.#id = id;
    this.#new();
  }

  get agreed(): boolean {
    return this.#agreement.isAgreed;
  }

  /** The two halves, this side's first. */
  get halves(): readonly [string, string] {
    return [this.#agreement.half, this.#agreement.other];
  }

  get progress(): { readonly sent: number; readonly got: number } {
    return { sent: this.#sent, got: this.#got };
  }

  /** How many things have happened to it. */
  get age(): number {
    return this.#ops.length;
  }

  begin(): void {
    this.#do({ do: 'begin' });
  }

  hear(hello: Hello, now: number): Heard | undefined {
    return this.#do({ do: 'hear', hello, now });
  }

  /** A frame each way: only while both have agreed. */
  exchange(): void {
    this.#do({ do: 'exchange' });
  }

  /** Its pause is over, and nothing came of its last HELLO. */
  repeat(now: number): void {
    this.#now = now;
    if (!this.agreed) this.#hello();
  }

  /** It is put back to an earlier moment, its random numbers as well. */
  putBack(age: number): void {
    const ops = this.#ops.slice(0, age);
    this.#new();
    for (const op of ops) this.#do(op);
    this.said.length = 0;
  }

  #new(): void {
    this.#ops = [];
    this.#nonces = 0;
    this.#hasSession = false;
    this.#sent = this.#got = 0;
    this.#agreement = new Agreement(() => `${this.#id}${String(++this.#nonces).padStart(4, '0')}`);
  }

  #do(op: Op): Heard | undefined {
    this.#ops.push(op);
    if (op.do === 'begin') {
      this.#agreement.begin();
      this.#hello();
      return undefined;
    }
    if (op.do === 'exchange') {
      this.#sent++;
      this.#got++;
      this.#agreement.confirmed();
      return undefined;
    }
    return this.#hear(op.hello, op.now);
  }

  #hear(hello: Hello, now: number): Heard {
    this.#now = now;
    const heard = this.#agreement.hear(hello, { sent: this.#sent, taken: this.#sent, got: this.#got, isFull: false }, now);
    if (heard.verdict === 'at-odds') {
      this.#over();
      this.#hello();
      return heard;
    }
    if (heard.anew || heard.answer) this.#hello();
    if (heard.verdict === 'agreed') {
      this.events.push(this.#hasSession ? 'resumed' : 'agreed');
      this.#hasSession = true;
    }
    return heard;
  }

  #over(): void {
    if (this.#hasSession) this.events.push('over');
    this.#hasSession = false;
    this.#sent = this.#got = 0;
  }

  #hello(): void {
    this.said.push(this.#agreement.hello({ sent: this.#sent, taken: this.#sent, got: this.#got, isFull: false }, false, this.#now));
  }
}
