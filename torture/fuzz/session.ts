/** The session with its chart, told whatever a peer, a line, a clock and an app may come up with. */
import { createActor, createMachine } from 'xstate';
import type { Manager } from '../../actors/manager.ts';
import type { GreetingHost } from '../../actors/greeting.ts';
import { SessionGreeting } from '../../actors/session-greeting.ts';
import { encodeFrame, FrameReader, sessionSeed, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { sessionBounds, sessionLimits, v2Limits } from '../../transport/limits.ts';
import { Pieces } from '../../transport/session/pieces.ts';
import { TakenFrames } from '../../transport/session/taken-frames.ts';
import { Timers } from '../../transport/timers.ts';
import type { SendResult } from '../../transport/transport-input.ts';
import type { Transport } from '../../transport/transport.ts';
import { Random } from '../random.ts';
import { SteppedClock } from '../stepped-clock.ts';

/** Caps that a few inputs can reach. */
const limits = { ...v2Limits, maxMessageBytes: 4_000, maxDepth: 8 };
const room = { waiting: { requests: 8, bytes: 40_000 }, running: { requests: 4, bytes: 10_000 } };
/** What may be held for the other side: what has come of eight messages, of frames that are ahead, and of one frame. */
const mostHeld = 8 * limits.maxMessageBytes + 130 * 700 + 2 * (64 * 1024 + 32);
/** One input may have all sent again that is not known to be taken, and some frames more. */
const mostWrites = 2_500;
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const halves = ['00000000000a', '00000000000b', '00000000000c'];
const lines = ['0000000000a1', '0000000000a2', '0000000000a3'];
const texts = ['{"method":"$/limits","params":{}}', '{"method":"$/limits","params":{"again":1,"frame":0,"message":1,"messages":0}}', '{"id":"a","method":"m"}', '{"id":"b","method":"m","nested":true,"deadline":5}', '{"id":"a","result":1}', '{"method":"n"}', '{"method":"$/cancel","params":{"id":"a"}}', '{"method":"$/more","params":{"id":"a","items":1,"bytes":1}}', '{"id":"s","method":"$/status","params":{"id":"a"}}', '{', 'null', '', `{"method":"n","params":${deep(7)}}`, `{"method":"n","params":${deep(8)}}`]; // prettier-ignore

export class SessionFuzz {
  readonly #random: Random;
  readonly #clock = new SteppedClock();
  readonly #greeting: SessionGreeting;
  readonly #root = createActor(createMachine({})).start();
  readonly #untaken: ((result: SendResult) => void)[] = [];
  readonly #sent: Uint8Array[] = [];
  #isFull = false;
  #isOpen = false;
  #writes = 0;
  #failure: unknown;
  /** The other side, as far as it is one. */
  #other = { line: '', half: '', seen: '' };
  #half = halves[0] as string;
  #line = lines[0] as string;
  #next = 0;
  #got = 0;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    const timers = new Timers(this.#clock);
    const manager = { timers, credit: () => {}, lineLost: () => {}, closeGate: () => {}, gate: () => {} } as unknown as Manager;
    const fail = (reason: unknown): void => {
      this.#failure = reason;
      this.#mustClose = true;
    };
    const transport = {
      writeBytes: (bytes: Uint8Array, taken: (result: SendResult) => void) => this.#write(bytes, taken),
      // What it is given it looks at in that moment alone.
      isFlushed: true,
      discard: () => {},
      resync: () => {},
      greeted: () => {},
      fail,
      silent: fail,
    } as unknown as Transport;
    const host = {
      ref: this.#root,
      manager,
      transport,
      random: random.fork('session').next,
      onUnclaimed: () => {
        throw new Error('an event that the chart does not take');
      },
      stopChild: () => {},
    } as unknown as GreetingHost;
    this.#greeting = new SessionGreeting(host, { limits, reliable: random.below(2) === 0, room, keepMs: 3_000, heartbeatMs: 2_000 });
  }

  #mustClose = false;

  /** Where the session is: for who wants to know how far inputs get. */
  get state(): string {
    const { session } = this.#greeting;
    return `${this.#isOpen ? 'line' : 'no line'}, ${session.number > 0 ? (session.isReliable ? 'reliable' : 'plain') : 'none'}, ${session.lost > 0 ? 'lost' : ''}`;
  }

  /** One input. Throws if it broke something. */
  step(): void {
    const { session } = this.#greeting;
    this.#writes = 0;
    if (this.#mustClose) this.#close();
    if (!this.#isOpen) this.#open();
    this.#act(this.#random.below(40));
    this.#checkKept();
    if (session.buffered > mostHeld) throw new Error(`holds ${session.buffered} bytes`);
    if (this.#writes > mostWrites) throw new Error(`wrote ${this.#writes} frames`);
    if (this.#failure !== undefined && !(this.#failure instanceof Error)) throw new Error('ended without a reason');
  }

  /** Messages that have begun, each as large as it may be at most, and frames that are ahead of one that is missing. */
  #checkKept(): void {
    const { pieces, taken } = kept;
    const begun = pieces?.count ?? 0;
    if (begun > sessionLimits.messages) throw new Error(`${begun} messages have begun`);
    if (pieces !== undefined && pieces.held > begun * limits.maxMessageBytes)
      throw new Error(`${begun} messages hold ${pieces.held} bytes`);
    const ahead = taken?.hasGap === true ? 8 * taken.bits().length : 0;
    if (ahead > sessionBounds.framesAhead) throw new Error(`a frame is kept that is more than ${ahead - 8} ahead of the next`);
  }

  end(): void {
    this.#greeting.close();
    this.#root.stop();
  }

  #act(what: number): void {
    const random = this.#random;
    if (what < 16) this.#push(this.#sealed(this.#data()));
    else if (what < 22) this.#push(this.#sealed(this.#status()));
    else if (what < 26) this.#push(this.#sealed(this.#hello()));
    else if (what < 28) this.#push(random.bytes(random.below(80)));
    else if (what === 28) this.#push(this.#damaged());
    else if (what === 29 && random.below(4) === 0)
      this.#push(this.#sealed({ kind: 'bye', seen: this.#other.line, code: random.below(6), text: 'x' }));
    else if (what === 30 && random.below(4) === 0) this.#close();
    else if (what < 33) this.#clock.jump(random.below(4) === 0 ? random.below(4_000) : random.below(60));
    else if (what < 36) this.#sendOn();
    else if (what === 36) this.#greeting.session.forget(this.#sent[random.below(this.#sent.length)] ?? new Uint8Array(0));
    else if (what === 37) this.#greeting.session.release(random.below(2_000), this.#greeting.session.number);
    else if (what === 38 && random.below(4) === 0) this.#beginMany();
    else this.#drain();
  }

  /** As many messages as may have begun, and perhaps more. */
  #beginMany(): void {
    const many = sessionLimits.messages + this.#random.below(3);
    for (let number = 0; number < many; number++) {
      const flags = { first: true, last: false, bytes: false, drop: false, number, total: limits.maxMessageBytes };
      this.#push(this.#sealed({ kind: 'data', seq: this.#next++ % 16_384, ...flags, payload: Buffer.from('x') }));
      this.#checkKept();
    }
  }

  #open(): void {
    this.#isOpen = true;
    this.#mustClose = false;
    this.#line = this.#random.pick(lines);
    this.#greeting.begin();
    if (this.#random.below(8) > 0) this.#push(this.#sealed({ ...this.#hello(), ...this.#agreeing() }));
    this.#push(this.#sealed({ ...this.#hello(), ...this.#agreeing() }));
  }

  #close(): void {
    this.#isOpen = false;
    this.#isFull = false;
    this.#untaken.length = 0;
    this.#greeting.end();
  }

  #write(bytes: Uint8Array, taken: (result: SendResult) => void): void {
    this.#writes++;
    const kind = (bytes[1] as number) >> 4;
    if (kind === 1) {
      const [hello] = new FrameReader(1_000).push(bytes) as Frame[];
      if (hello?.kind === 'hello' && hello.half !== this.#other.half) this.#next = this.#got = 0;
      if (hello?.kind === 'hello') this.#other = { line: hello.line, half: hello.half, seen: hello.seen };
    } else if (kind === 2) this.#got++;
    if (this.#isFull) this.#untaken.push(taken);
    else taken({ ok: true });
    // A stream that takes nothing is not given everything: each waits for the one before.
    if (this.#untaken.length > 3_000) throw new Error(`${this.#untaken.length} frames wait for the stream`);
  }

  #drain(): void {
    this.#isFull = this.#random.below(2) === 0;
    for (const taken of this.#untaken.splice(0)) taken({ ok: true });
  }

  #sendOn(): void {
    const random = this.#random;
    const session = this.#greeting.session;
    const again = random.below(2) === 0 ? this.#sent.find((one) => one.length > 1_024) : undefined;
    const payload = again ?? Buffer.alloc(random.below(4) === 0 ? 20_000 : random.below(300), 'x');
    if (again === undefined) this.#sent.push(payload);
    if (this.#sent.length > 8) session.forget(this.#sent.shift() as Uint8Array);
    session.send(payload, random.below(2) * (payload.length + 2_048), random.below(4) === 0, (result) => {
      if (!result.ok || result.more !== true) {
        const at = this.#sent.indexOf(payload);
        if (at >= 0) this.#sent.splice(at, 1);
      }
    });
  }

  #push(bytes: Uint8Array): void {
    for (const one of this.#greeting.session.push(bytes))
      if (one instanceof Error ? !(one instanceof RemoteProtocolError) : one.bytes <= 0 || isTooDeep(one))
        throw new Error(`said ${JSON.stringify(one)}`);
  }

  #sealed(frame: Frame): Buffer {
    return encodeFrame(frame, sessionSeed(this.#half, this.#other.half || (halves[0] as string)));
  }

  #damaged(): Buffer {
    const bytes = Buffer.from(this.#sealed(this.#data()));
    bytes[this.#random.below(bytes.length)] = this.#random.below(256);
    return bytes;
  }

  #agreeing(): { half: string; other: string; line: string; seen: string } {
    return { half: this.#half, other: this.#other.half, line: this.#line, seen: this.#other.line };
  }

  #hello(): Extract<Frame, { kind: 'hello' }> {
    const random = this.#random;
    if (random.below(12) === 0) {
      this.#half = random.pick(halves);
      this.#next = this.#got = 0;
    }
    if (random.below(6) === 0) this.#line = random.pick(lines);
    const { half, line } = this.#other;
    const count = (near: number): number => Math.max(0, random.below(4) > 0 ? near : near + random.below(50) - 25);
    const other = random.below(4) > 0 ? half : random.pick(['', ...halves]);
    const seen = random.below(4) > 0 ? line : random.pick(['', ...lines]);
    return {
      kind: 'hello',
      version: random.below(60) === 0 ? random.below(256) : 2,
      reliable: random.below(2) === 0,
      line: this.#line,
      seen,
      half: this.#half,
      other,
      got: count(this.#got),
      sent: count(this.#next),
      clock: random.below(10_000),
    };
  }

  #data(): Extract<Frame, { kind: 'data' }> {
    const random = this.#random;
    const jump = random.below(6) === 0 ? random.below(300) - 100 : random.below(60) === 0 ? random.below(16_384) : 0;
    this.#next = Math.max(0, this.#next + jump);
    const seq = this.#next++ % 16_384;
    const [first, last, drop] = [random.below(3) > 0, random.below(3) > 0, random.below(10) === 0];
    const payload = drop ? Buffer.alloc(0) : random.below(6) === 0 ? Buffer.alloc(random.below(700), 'x') : Buffer.from(random.pick(texts));
    const flags = { first: drop ? random.below(2) === 0 : first, last: drop ? false : last, bytes: !drop && random.below(6) === 0, drop };
    const number = flags.first && flags.last ? undefined : random.below(12);
    const total = flags.first && !flags.last ? random.pick([0, 1, 100, 700, 1_400, 4_000, 4_001, 2 ** 28 - 1]) : undefined;
    return { kind: 'data', seq, ...flags, number, total, payload };
  }

  #status(): Extract<Frame, { kind: 'status' }> {
    const random = this.#random;
    const some = (most: number): number => (random.below(3) > 0 ? random.below(50) : random.below(most));
    return {
      kind: 'status',
      ask: random.below(3) === 0,
      next: (random.below(4) > 0 ? Math.max(0, this.#got - random.below(4)) : random.below(16_384)) % 16_384,
      clock: random.below(10_000),
      grantedRequests: some(2 ** 28),
      grantedBytes: some(2 ** 42),
      spentRequests: some(2 ** 28),
      spentBytes: some(2 ** 42),
      taken: random.below(2) === 0 ? Buffer.alloc(0) : random.bytes(random.below(17)),
    };
  }
}

/** What the session that was last told anything keeps. */
const kept: { pieces: Pieces | undefined; taken: TakenFrames<never> | undefined } = { pieces: undefined, taken: undefined };

/** Notes whose turn it is while that runs: nothing else shows how many messages have begun, and how many frames are ahead. */
function watchingKept(run: () => void): void {
  const [pieces, taken] = [Pieces.prototype, TakenFrames.prototype as TakenFrames<never>];
  // oxlint-disable-next-line typescript/unbound-method -- each is called with the `this` that it was called with
  const [takePiece, takeFrame] = [pieces.take, taken.take];
  pieces.take = function note(this: Pieces, piece) {
    kept.pieces = this;
    return takePiece.call(this, piece);
  };
  taken.take = function note(this: TakenFrames<never>, frame, handOn) {
    kept.taken = this;
    return takeFrame.call(this, frame, handOn);
  };
  try {
    run();
  } finally {
    pieces.take = takePiece;
    taken.take = takeFrame;
    kept.pieces = kept.taken = undefined;
  }
}

/** Whether what a message carries is nested deeper than it may be, with the message around it. */
function isTooDeep(message: object): boolean {
  const depth = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
  return 1 + depth((message as { params?: unknown }).params) > limits.maxDepth;
}

/** How many inputs one session sees. */
const INPUTS_A_SESSION = 500;

/** So many inputs; throws with the seed of the session that one of them broke. */
export function fuzzSession(seed: number, count: number): void {
  watchingKept(() => fuzzSessions(seed, count));
}

function fuzzSessions(seed: number, count: number): void {
  for (let done = 0, one = seed; done < count; done += INPUTS_A_SESSION, one++) {
    kept.pieces = kept.taken = undefined;
    const fuzz = new SessionFuzz(one);
    let at = 0;
    try {
      for (; at < Math.min(INPUTS_A_SESSION, count - done); at++) fuzz.step();
      fuzz.end();
    } catch (error) {
      throw new Error(`session of seed ${one}, input ${at}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}
