import { SimulatedClock } from 'xstate';
import { FrameReader } from '../../transport/codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { Conversation, type ConversationHost, type ConversationOptions } from '../../transport/session/conversation.ts';
import type { Room } from '../../transport/session/allowance.ts';
import type { Whole } from '../../transport/session/pieces.ts';
import { SpareMemory } from '../../transport/spare-memory.ts';
import { Timers } from '../../transport/timers.ts';
import type { SendResult } from '../../transport/transport-input.ts';

/** So much may wait, whatever runs. */
export const roomFor = (waiting: Room['waiting']): Room => ({ waiting, running: { requests: Infinity, bytes: Infinity } });

/** One side of a conversation: its frames go into a list that the test carries over, or does not. */
export class Talker {
  /** Frames on their way to the other side. */
  readonly wire: Uint8Array[] = [];
  readonly messages: string[] = [];
  readonly problems: string[] = [];
  /** What the other side has granted, less what was spent: as a manager keeps it. */
  credit = { requests: 0, bytes: 0 };
  conversation: Conversation;
  readonly timers: Timers;
  #isStuck = false;
  readonly #forgotten = new Set<Uint8Array>();
  #untaken: ((result: SendResult) => void)[] = [];
  #reader = new FrameReader(64 * 1024);
  readonly #clock: SimulatedClock;
  readonly #spare = new SpareMemory(1024 * 1024);

  constructor(clock: SimulatedClock, options: Partial<ConversationOptions> & Pick<ConversationOptions, 'half' | 'other'>, frame: number) {
    this.#clock = clock;
    this.timers = new Timers(clock);
    this.conversation = new Conversation(this.#host(), {
      reliable: false,
      room: roomFor({ requests: 8, bytes: 1024 * 1024 }),
      maxMessage: 1024 * 1024,
      spare: this.#spare,
      ...options,
    });
    this.conversation.meet({ frame });
  }

  lineUp(theirs: number): void {
    this.#reader = new FrameReader(64 * 1024);
    this.#reader.seed = this.conversation.seed;
    this.conversation.lineUp(theirs);
  }

  /** The stream is full, or has drained. */
  stick(isStuck: boolean): void {
    this.#isStuck = isStuck;
    if (!isStuck) for (const taken of this.#untaken.splice(0)) taken({ ok: true });
  }

  lineDown(): void {
    this.wire.length = 0;
    this.#untaken = [];
    this.conversation.lineDown();
  }

  /** Sends a message as a job does, part for part; `done` when all of it was taken. */
  send(text: string | Uint8Array, charge = 0, done: () => void = () => {}, isUrgent = false): Uint8Array {
    const payload = typeof text === 'string' ? Buffer.from(text) : text;
    const part = (): void =>
      this.conversation.send(payload, false, charge, isUrgent, (result) => {
        if (!result.ok) this.problems.push(`send: ${String(result.error)}`);
        else if (result.more !== true) done();
        else if (!this.#forgotten.has(payload)) part();
      });
    if (charge > 0) this.credit = { requests: this.credit.requests - 1, bytes: this.credit.bytes - charge };
    part();
    return payload;
  }

  /** Gives a message up, as a job does that has ended: it asks for no more. */
  forget(payload: Uint8Array): void {
    this.#forgotten.add(payload);
    this.conversation.forget(payload);
  }

  /** Bytes of payload of frames that the other side, whose seed that is, has not had. */
  out(seed: number): number {
    const reader = new FrameReader(64 * 1024);
    reader.seed = seed;
    let bytes = 0;
    for (const frame of this.wire) {
      reader.read(frame, (one) => {
        if (!(one instanceof RemoteProtocolError) && one.kind === 'data') bytes += one.payload.length;
      });
    }
    return bytes;
  }

  /** Takes bytes as they come. */
  hear(bytes: Uint8Array): void {
    this.#reader.read(bytes, (one) => {
      if (one instanceof RemoteProtocolError) return;
      if (one.kind === 'data') this.conversation.takeData(one);
      else if (one.kind === 'status') this.conversation.takeStatus(one);
    });
    this.conversation.flush();
  }

  onMessage(whole: Whole): void {
    this.messages.push(whole.payload.toString());
    this.#spare.give(whole.payload);
  }

  #host(): ConversationHost {
    const clock = this.#clock;
    const owner = this;
    return {
      timers: this.timers,
      get clock() {
        return clock.now();
      },
      get isFlushed() {
        return owner.wire.length === 0 && owner.#untaken.length === 0;
      },
      write: (frame, taken) => {
        this.wire.push(frame);
        if (this.#isStuck) this.#untaken.push(taken);
        else taken({ ok: true });
      },
      onMessage: (whole) => this.onMessage(whole),
      onDamage: (error) => void this.problems.push(`damage: ${error.message}`),
      onExcess: (excess) => void this.problems.push(`excess: ${excess.limit}`),
      onImpossible: () => void this.problems.push('impossible'),
      onCredit: ({ requests, bytes }) => {
        this.credit = { requests: this.credit.requests + requests, bytes: this.credit.bytes + bytes };
      },
    };
  }
}

/** Two sides of one session, with a line between them. */
export class Talk {
  readonly clock = new SimulatedClock();
  readonly sides: readonly [Talker, Talker];

  /** `frame`: what each takes of a payload in one. */
  constructor(options: Partial<ConversationOptions> = {}, frame = 4096) {
    const [left, right] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] as [string, string];
    this.sides = [
      new Talker(this.clock, { ...options, half: left, other: right }, frame),
      new Talker(this.clock, { ...options, half: right, other: left }, frame),
    ];
    for (const side of this.sides) side.lineUp(0);
  }

  /** The oldest frame to that side arrives, or is lost, or is damaged. */
  carry(to: 0 | 1, how: 'whole' | 'lost' | 'damaged' = 'whole'): boolean {
    const from = this.sides[1 - to] as Talker;
    const sent = from.wire.shift();
    if (sent === undefined) return false;
    if (how === 'lost') return true;
    const bytes = Buffer.from(sent);
    if (how === 'damaged') bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
    this.sides[to].hear(bytes);
    return true;
  }

  /** The line is cut, with what is on it, and another agreed on. */
  cut(): void {
    for (const side of this.sides) side.lineDown();
    const [left, right] = this.sides;
    const got = [left.conversation.got, right.conversation.got] as const;
    left.lineUp(got[1]);
    right.lineUp(got[0]);
  }

  /** All that is on its way arrives, and what that leads to. */
  calm(rounds = 60): void {
    for (const side of this.sides) side.stick(false);
    for (let round = 0; round < rounds; round++) {
      for (let more = true; more;) more = [this.carry(0), this.carry(1)].includes(true);
      this.clock.increment(round === 0 ? 30 : 6_000);
    }
  }
}
