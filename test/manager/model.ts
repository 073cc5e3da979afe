import { SimulatedClock } from 'xstate';
import type { Execution, Sending } from '../../actors/kinds.ts';
import type { Job, Manager } from '../../actors/manager.ts';
import { createManager, type CreateManagerOptions } from '../../actors/manager-logic.ts';
import type { Urgency } from '../../machines/job.ts';

/** One thing that the manager's user, the link or the clock does; `a` and `b` pick what it is done to, and how. */
export interface Step {
  readonly does: (typeof actions)[number];
  readonly a: number;
  readonly b: number;
  /** Done inside the next operation that the manager asks for, not now. */
  readonly inside: boolean;
}

export const actions = [
  'add server',
  'add client',
  'execute done',
  'send done',
  'piece done',
  'read',
  'cancel',
  'abort',
  'park',
  'unpark',
  'line lost',
  'gate',
  'credit',
  'time',
  'stop',
  'kill',
] as const;

interface Handler {
  readonly execution: Execution;
  hasReturned: boolean;
  /** Calls that are out, and those of them whose answers are here and were not handed over. */
  nested: number;
  answered: number;
  /** It was given up while it ran or was parked. */
  isAbandoned: boolean;
}

interface Send {
  readonly sending: Sending;
  readonly line: number;
  /** It spent credit, which comes back if nothing was sent. */
  readonly isCharged: boolean;
  isDone: boolean;
  /** It was a piece, and its job goes on. */
  hasMore: boolean;
}

interface Modelled {
  readonly tag: string;
  readonly class: 'server' | 'client';
  readonly exempt: boolean;
  readonly bytes: number;
  readonly answers: boolean;
  job: Job | undefined;
  state: 'new' | 'executing' | 'executed' | 'sending' | 'continuing' | 'sent' | 'over';
  handler: Handler | undefined;
  send: Send | undefined;
  isAnswered: boolean;
  callbacks: number;
}

/** More than any job has. */
const BYTES = 7;

const limits = {
  sendSlots: 2,
  executeSlots: 3,
  maxServerJobs: 12,
  maxClientJobs: 12,
  maxServerBytes: 60,
  maxClientBytes: 60,
  window: 3,
  maxBypass: 2,
};

/**
 * A manager, and beside it what its rules say of it: who holds which permit, what is charged, who was called back. It knows
 * nothing of charts and queues: after each step it compares what can be seen from outside.
 */
export class Model {
  readonly clock = new SimulatedClock();
  readonly manager: Manager;
  readonly #jobs: Modelled[] = [];
  #inside: Step[] = [];
  /** Violations that are due, as long as nothing is done inside an operation: then what is one depends on the order. */
  #violations: number | undefined = 0;
  /** What the other side takes, if it says so. */
  #credit: { requests: number; bytes: number } | undefined;
  #line = 1;
  #number = 0;

  constructor(random: () => number, options: Pick<CreateManagerOptions, 'inspect' | 'credits'> = {}) {
    if (options.credits === true) this.#credit = { requests: 0, bytes: 0 };
    this.manager = createManager({ ...limits, clock: this.clock, random, ...options, onError: (error) => this.#fail(error) });
  }

  run(step: Step): void {
    if (step.inside) {
      this.#inside.push(step);
      this.#violations = undefined;
    } else this.#do(step);
    this.check();
  }

  /** Completes everything, lets all time pass, and expects nothing to be left. */
  finish(): void {
    this.#inside = [];
    for (let i = 0; i < 1000 && !this.#isFinished(); i++) {
      this.manager.gate('all');
      this.#grant(10, 100);
      for (const one of this.#jobs) {
        if (one.handler?.hasReturned === false) this.#executeDone(one, i);
        if (one.send?.isDone === false) this.#sendDone(one, 0);
        if (one.state === 'sent' && one.class === 'client') this.#read(one, 1);
      }
      this.clock.increment(50);
      this.check();
    }
    // The pause that a busy peer asked for may be the last thing to pass.
    this.clock.increment(10_000);
    for (const { tag, callbacks } of this.#jobs) same(callbacks, 1, `callbacks of ${tag}`);
    const { timeouts } = this.clock as unknown as { timeouts: Map<number, unknown> };
    same([this.manager.jobs, this.manager.timers.size, timeouts.size], [0, 0, 0], 'jobs and timers');
    // One that has closed shows what was when it did: handlers that nobody waited for may have returned since.
    if (this.#isOver()) return;
    const { send, execute, server, client } = this.manager.slots;
    same([send.taken, send.waiting, execute.taken, execute.parked, execute.waiting], [0, 0, 0, 0, 0], 'slots');
    same([server.count, server.bytes, client.count, client.bytes], [0, 0, 0, 0], 'queues');
    // No tag is held.
    for (const { tag, class: jobClass } of this.#jobs.filter((one) => one.class === 'client')) {
      const added = this.manager.add(jobClass, { tag, operations: {} });
      if (!added.ok) throw added.error;
      this.manager.cancel(tag);
    }
  }

  /** What can be seen from outside is what the model says. */
  check(): void {
    const { send, execute, server, client } = this.manager.slots;
    const live = this.#jobs.filter((one) => one.callbacks === 0);
    same(this.manager.jobs, live.length, 'jobs');
    if (this.#isOver()) return;
    const sends = this.#jobs.filter((one) => one.send?.isDone === false && one.send.line === this.#line);
    same(send.taken, sends.length, 'send slots');
    same(send.taken <= limits.sendSlots, true, 'send slots within their limit');
    this.#checkExecutions(execute);
    for (const [jobClass, charge] of [['server', server] as const, ['client', client] as const]) {
      // A job that is gone is still charged for the handler that it left behind.
      const charged = this.#jobs.filter((one) => one.class === jobClass && (one.callbacks === 0 || one.handler?.hasReturned === false));
      same([charge.count, charge.bytes], [charged.length, charged.reduce((sum, one) => sum + one.bytes, 0)], `${jobClass} queue`);
    }
    same(inWindow(live) <= limits.window, true, 'requests within the window');
    same(this.manager.slots.credit, this.#credit, 'credit');
    // The last request may be larger than what was left, but not begun when nothing was.
    const { requests, bytes } = this.#credit ?? { requests: 0, bytes: 0 };
    same(requests >= 0 && bytes > -BYTES, true, 'requests within the credit');
    if (this.#violations !== undefined) same(this.manager.violations, this.#violations, 'violations');
    this.#checkNobodyIdles(live);
  }

  #checkExecutions(execute: Manager['slots']['execute']): void {
    const running = this.#jobs.flatMap(({ handler }) => (handler?.hasReturned === false ? [handler] : []));
    const parked = running.filter((one) => !one.isAbandoned && one.nested > 0);
    // One that was given up while parked is owed a slot, and takes it before anything new.
    same(execute.taken, Math.min(limits.executeSlots, running.length - parked.length), 'execute slots');
    same(execute.taken + execute.parked, running.length, 'handlers');
  }

  /** No slot is free while somebody waits who may have it. */
  #checkNobodyIdles(live: readonly Modelled[]): void {
    const { gate, heldOff } = this.manager.ref.getSnapshot().context;
    const { send, execute } = this.manager.slots;
    const waits = (fits: (one: Modelled) => boolean): boolean => live.some(fits);
    if (execute.taken < limits.executeSlots)
      same(
        waits((one) => one.class === 'server' && one.state === 'new'),
        false,
        'new ones wait',
      );
    if (send.taken >= limits.sendSlots || gate === 'none') return;
    same(
      waits((one) => one.class === 'server' && one.state === 'executed'),
      false,
      'answers wait',
    );
    same(
      waits((one) => one.state === 'continuing'),
      false,
      'the rest of a message waits',
    );
    same(
      waits((one) => one.class === 'client' && one.state === 'new' && one.exempt),
      false,
      'nested calls wait',
    );
    if (gate !== 'all' || heldOff || inWindow(live) >= limits.window || this.#violations === undefined) return;
    if (this.#credit !== undefined && (this.#credit.requests <= 0 || this.#credit.bytes <= 0)) return;
    same(
      waits((one) => one.class === 'client' && one.state === 'new'),
      false,
      'requests wait',
    );
  }

  #do({ does, a, b }: Step): void {
    switch (does) {
      case 'add server':
      case 'add client':
        return this.#add(does === 'add server' ? 'server' : 'client', a, b);
      case 'execute done':
        return this.#onOne(
          a,
          (one) => one.handler !== undefined,
          (one) => this.#executeDone(one, b),
        );
      case 'send done':
        return this.#onOne(
          a,
          (one) => one.send !== undefined,
          (one) => this.#sendDone(one, b),
        );
      case 'piece done':
        return this.#onOne(
          a,
          (one) => one.send !== undefined,
          (one) => this.#pieceDone(one),
        );
      case 'read':
        return this.#onOne(
          a,
          () => true,
          (one) => this.#read(one, b),
        );
      case 'cancel':
        return this.#onOne(
          a,
          () => true,
          (one) => this.#cancel(one),
        );
      case 'abort':
        return this.#onOne(
          a,
          () => true,
          (one) => this.#abort(one),
        );
      case 'park':
        return this.#onOne(
          a,
          (one) => one.handler !== undefined,
          (one) => this.#park(one),
        );
      case 'unpark':
        return this.#onOne(
          a,
          (one) => one.handler !== undefined,
          (one) => this.#unpark(one),
        );
      case 'line lost':
        return this.#lineLost();
      case 'gate':
        return this.manager.gate((['all', 'all', 'exempt', 'none'] as const)[b % 4] ?? 'all');
      case 'credit':
        return this.#grant(a % 4, b % 30);
      case 'time':
        for (const one of this.#jobs) this.#giveUpIf(one, 'deadline');
        this.clock.increment((b % 5) * 20);
        return undefined;
      case 'stop':
        // Once in a while: what was added before runs on.
        if (b % 4 === 0) void this.manager.stop();
        return undefined;
      case 'kill':
        if (b % 4 !== 0) return undefined;
        this.#violations = undefined;
        return this.manager.kill();
    }
  }

  #add(jobClass: 'server' | 'client', a: number, b: number): void {
    const one: Modelled = {
      tag: `${jobClass[0]}${++this.#number}`,
      class: jobClass,
      exempt: jobClass === 'client' && a % 3 === 0,
      bytes: b % BYTES,
      answers: a % 4 !== 0,
      job: undefined,
      state: 'new',
      handler: undefined,
      send: undefined,
      isAnswered: false,
      callbacks: 0,
    };
    this.#jobs.push(one);
    const added = this.manager.add(jobClass, {
      tag: one.tag,
      urgency: (b % 3) as Urgency,
      bytes: one.bytes,
      exempt: one.exempt,
      answers: one.answers,
      timeoutMs: a % 5 === 0 ? 30 + (b % 50) : undefined,
      operations: {
        execute: (execution) => this.#during(one, () => this.#began(one, execution)),
        resume: () => this.#during(one, () => this.#resumed(one)),
        send: (sending) => this.#during(one, () => this.#sent(one, sending)),
        abort: () => this.#during(one, () => (one.handler === undefined ? undefined : (one.handler.isAbandoned = true))),
        callback: () =>
          this.#during(one, () => {
            one.callbacks++;
            one.state = 'over';
          }),
      },
    });
    if (added.ok) one.job = added.job;
    else this.#jobs.splice(this.#jobs.indexOf(one), 1);
  }

  #during(one: Modelled, note: () => void): void {
    if (one.callbacks > 0) this.#fail(new Error(`${one.tag} was asked for something after its callback`));
    note();
    const step = this.#inside.shift();
    if (step !== undefined) this.#do(step);
  }

  #began(one: Modelled, execution: Execution): void {
    if (one.handler !== undefined) this.#fail(new Error(`${one.tag} was executed twice`));
    one.handler = { execution, hasReturned: false, nested: 0, answered: 0, isAbandoned: false };
    one.state = 'executing';
  }

  #resumed({ tag, handler }: Modelled): void {
    if (handler === undefined || handler.answered === 0) return this.#fail(new Error(`${tag} was resumed without an answer`));
    handler.nested -= handler.answered;
    handler.answered = 0;
  }

  #sent(one: Modelled, sending: Sending): void {
    const isFirst = one.send === undefined;
    if (!isFirst && one.send?.hasMore !== true) this.#fail(new Error(`${one.tag} was sent twice`));
    const isCharged = isFirst && one.class === 'client' && !one.exempt;
    if (isCharged) this.#spend(one, 1);
    one.send = { sending, line: this.#line, isCharged, isDone: false, hasMore: false };
    one.state = 'sending';
  }

  #spend({ bytes }: Modelled, by: 1 | -1): void {
    if (this.#credit !== undefined) this.#credit = { requests: this.#credit.requests - by, bytes: this.#credit.bytes - by * bytes };
  }

  #grant(requests: number, bytes: number): void {
    if (this.#credit !== undefined) this.#credit = { requests: this.#credit.requests + requests, bytes: this.#credit.bytes + bytes };
    this.manager.credit(requests, bytes);
  }

  #executeDone(one: Modelled, b: number): void {
    const handler = one.handler as Handler;
    if (handler.hasReturned) this.#expectViolation();
    else if (!handler.isAbandoned) one.state = 'executed';
    handler.hasReturned = true;
    handler.execution.done(b % 3 === 0 ? { ok: false, error: 'no' } : { ok: true, value: b });
  }

  #sendDone(one: Modelled, b: number): void {
    const send = one.send as Send;
    const isLate = send.line !== this.#line;
    if (send.isDone && !isLate) this.#expectViolation();
    if (!isLate && !send.isDone && one.callbacks === 0 && one.class === 'client') one.state = 'sent';
    const isUnsent = b % 5 === 3;
    if (isUnsent && !isLate && !send.isDone && send.isCharged) this.#spend(one, -1);
    send.isDone = true;
    if (isUnsent) send.sending.done({ ok: false, error: 'closed', known: 'not-sent' });
    else send.sending.done(b % 5 === 4 ? { ok: false, error: 'cut' } : { ok: true });
  }

  #pieceDone(one: Modelled): void {
    const send = one.send as Send;
    const isLate = send.line !== this.#line;
    if (send.isDone && !isLate) this.#expectViolation();
    // One that was answered early ends with its answer, and one that is over sends no more.
    const goesOn = !isLate && !send.isDone && one.callbacks === 0 && !one.isAnswered;
    if (goesOn) one.state = 'continuing';
    send.isDone = true;
    send.hasMore ||= goesOn;
    send.sending.done({ ok: true, more: true });
  }

  #read(one: Modelled, b: number): void {
    // Only once is the response to a request that is on the line one.
    const isDue = one.class === 'client' && !one.isAnswered && isOnLine(one);
    if (!isDue) this.#expectViolation();
    // Inside an operation it may have been granted its slot already, and be next to be sent: then it counts.
    if (isDue || this.#violations === undefined) one.isAnswered = true;
    const isBusy = b % 6 === 0;
    one.job?.readDone(isBusy ? { ok: false, error: 'busy' } : { ok: true, value: b }, isBusy);
  }

  #cancel(one: Modelled): void {
    if (one.callbacks > 0) this.#expectViolation();
    else this.#giveUpIf(one, 'cancel');
    one.job?.cancel();
  }

  #abort(one: Modelled): void {
    if (one.callbacks > 0 || one.class === 'client') this.#expectViolation();
    else if (one.state === 'new' || one.state === 'executing') {
      this.#giveUpIf(one, 'abort');
      one.state = 'executed';
    }
    one.job?.abort();
  }

  #park({ handler }: Modelled): void {
    const { hasReturned, isAbandoned, execution } = handler as Handler;
    if (hasReturned) this.#expectViolation();
    else if (!isAbandoned) (handler as Handler).nested++;
    execution.park();
  }

  #unpark({ handler }: Modelled): void {
    const { hasReturned, isAbandoned, execution, nested, answered } = handler as Handler;
    if (hasReturned || (!isAbandoned && answered >= nested)) this.#expectViolation();
    else if (!isAbandoned) (handler as Handler).answered++;
    execution.unpark();
  }

  #lineLost(): void {
    this.#line++;
    if (this.#credit !== undefined) this.#credit = { requests: 0, bytes: 0 };
    for (const one of this.#jobs) this.#giveUpIf(one, 'line lost');
    this.manager.lineLost();
    this.clock.increment(0);
  }

  /** The abort operation tells for sure; this only is early, for what is looked at before it runs. */
  #giveUpIf(one: Modelled, why: string): void {
    const isRunning = one.handler?.hasReturned === false && one.callbacks === 0 && one.state === 'executing';
    if (isRunning && why !== 'deadline') (one.handler as Handler).isAbandoned = true;
  }

  #onOne(a: number, fits: (one: Modelled) => boolean, act: (one: Modelled) => void): void {
    const fitting = this.#jobs.filter((one) => one.job !== undefined && fits(one));
    const one = fitting[a % Math.max(1, fitting.length)];
    if (one !== undefined) act(one);
  }

  #expectViolation(): void {
    if (this.#violations !== undefined) this.#violations++;
  }

  #isFinished(): boolean {
    return this.#jobs.every((one) => one.callbacks > 0 && one.handler?.hasReturned !== false && (one.send?.isDone ?? true));
  }

  #isOver(): boolean {
    return this.manager.ref.getSnapshot().status !== 'active';
  }

  #fail(error: unknown): never {
    // Thrown inside an operation it would count as the operation's failure.
    this.manager.kill();
    throw error;
  }
}

const isOnLine = ({ state }: Modelled): boolean => state === 'sending' || state === 'continuing' || state === 'sent';

/** Requests that count against the window: on the line, and not answered. */
function inWindow(live: readonly Modelled[]): number {
  return live.filter((one) => one.class === 'client' && !one.exempt && !one.isAnswered && isOnLine(one)).length;
}

/** Cheaper than `expect`, which runs some millions of times here. */
function same(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, and the model says ${b}`);
}
