import type { Hello } from '../codecs/virtagent-2-frames.ts';
import { sessionBounds } from '../limits.ts';
import { FRAMES_MODULUS, unwrapped } from './numbers.ts';
import { Pace } from './pace.ts';

/** How far a session has come, for its HELLOs. */
export interface Progress {
  /** How many numbered frames this side has sent, and how many of them are taken. */
  readonly sent: number;
  readonly taken: number;
  /** How many numbered frames of the other side this side has taken. */
  readonly got: number;
  /** The stream has not taken what was sent last: nothing is to be sent again now. */
  readonly isFull: boolean;
}

/** What a HELLO comes to. */
export interface Heard {
  /** `echo`: it is this side's own. `at-odds`: the session that this side has can't be the one that is meant. */
  readonly verdict: 'echo' | 'at-odds' | 'agreed' | 'known' | 'not-yet';
  /** The other side's line began anew since both had agreed. */
  readonly anew: boolean;
  /** Whether a HELLO is owed. */
  readonly answer: boolean;
  /** The other side may have dropped what was sent since this side agreed: it is to be sent again. */
  readonly again: boolean;
}

/** Who the two sides are and which session they mean: docs/protocol.md, "Sessions". */
export class Agreement {
  readonly #nonce: () => string;
  #half: string;
  #other = '';
  #line = '';
  #seen = '';
  /** Both have agreed on this session, on this line or an earlier one: this half is used. */
  #isUsed = false;
  #isAgreed = false;
  /** Something came that only who has agreed can send: what is sent to that side is not dropped. */
  #isConfirmed = false;
  /** Who repeats a few bytes is not sent a whole window for each. */
  #again = new Pace();
  #answers = 0;
  #answersSince = 0;

  constructor(nonce: () => string) {
    this.#nonce = nonce;
    this.#half = nonce();
  }

  get half(): string {
    return this.#half;
  }

  get other(): string {
    return this.#other;
  }

  /** The other side's line, for a BYE. */
  get seen(): string {
    return this.#seen;
  }

  get line(): string {
    return this.#line;
  }

  /** Both have agreed on this line. */
  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  /** A line opens. */
  begin(): void {
    this.#line = this.#nonce();
    this.#seen = '';
    this.#isAgreed = this.#isConfirmed = false;
    this.#again = new Pace();
    this.#answers = 0;
  }

  /** A frame with the session's key came: the other side has agreed too. */
  confirmed(): void {
    this.#isConfirmed = true;
  }

  /** The session is over: the next HELLO offers another. */
  renew(): void {
    // What was only offered may be offered anew.
    if (!this.#isUsed) return;
    this.#isAgreed = this.#isUsed = this.#isConfirmed = false;
    this.#other = '';
    this.#half = this.#nonce();
  }

  /** A HELLO came, at `now` milliseconds. */
  hear(hello: Hello, progress: Progress, now: number): Heard {
    // By its half too: what was said on an earlier line may come back on this one.
    if (hello.line === this.#line || hello.half === this.#half) return nothing('echo');
    if (this.#isAtOdds(hello, progress)) {
      this.renew();
      this.#note(hello);
      return nothing('at-odds');
    }
    const anew = this.#isAgreed && hello.line !== this.#seen;
    // It will say so again.
    if (anew && (progress.isFull || !this.#again.may(now))) return nothing('known');
    const isNew = this.#note(hello);
    if (anew) this.#isAgreed = this.#isConfirmed = false;
    const isRight = hello.seen === this.#line && hello.other === this.#half;
    if (isRight && !this.#isAgreed) {
      this.#isAgreed = this.#isUsed = true;
      return { verdict: 'agreed', anew, answer: isNew, again: false };
    }
    // One that began anew is greeted by whoever follows the chart.
    const answer = !anew && (isNew || hello.seen !== this.#line || this.#isAgreed) && this.#mayAnswer(now);
    const again = this.#isAgreed && !this.#isConfirmed && !progress.isFull && this.#again.may(now);
    return { verdict: this.#isAgreed ? 'known' : 'not-yet', anew, answer, again };
  }

  /** The HELLO to say now. */
  hello(progress: Progress, reliable: boolean, clock: number): Hello {
    return {
      version: 2,
      reliable,
      line: this.#line,
      seen: this.#seen,
      half: this.#half,
      other: this.#other,
      got: progress.got,
      sent: progress.sent,
      clock,
    };
  }

  /** Whether a session that was agreed on is another than the HELLO's. */
  #isAtOdds(hello: Hello, { sent, taken, got }: Progress): boolean {
    if (!this.#isUsed) return false;
    if (hello.half !== this.#other) return true;
    if (hello.other !== this.#half) return hello.other !== '';
    const theirGot = unwrapped(hello.got, sent, FRAMES_MODULUS);
    return theirGot > sent || theirGot < taken || unwrapped(hello.sent, got, FRAMES_MODULUS) < got;
  }

  /** True if it says something new. */
  #note({ half, line }: Hello): boolean {
    const isNew = line !== this.#seen || half !== this.#other;
    this.#other = half;
    this.#seen = line;
    return isNew;
  }

  #mayAnswer(now: number): boolean {
    if (now - this.#answersSince >= 1_000) {
      this.#answersSince = now;
      this.#answers = 0;
    }
    return ++this.#answers <= sessionBounds.helloAnswers;
  }
}

function nothing(verdict: Heard['verdict']): Heard {
  return { verdict, anew: false, answer: false, again: false };
}
