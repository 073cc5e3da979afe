import { createActor, type ActorOptions, type AnyActorRef, type AnyStateMachine, type SnapshotFrom } from 'xstate';
import type {
  Completion,
  Grant,
  JobContext,
  JobEvent,
  JobInput,
  JobRef,
  Outcome,
  SendCompletion,
  SlotName,
  Urgency,
} from '../machines/job.ts';
import { waitingIn } from '../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../machines/manager.ts';
import {
  isExecuting,
  isSending,
  wasRevoked,
  type Gate,
  type ManagerContext,
  type OfPermit,
  type Refusal,
  type Tell,
} from '../machines/slots.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { backoff, durations, Timers, type Timer } from '../transport/timers.ts';
import { guardedInspect } from './job-events.ts';
import { JobTable, type JobEntry } from './job-table.ts';
import { clientKind, serverKind, type Execution, type Kind, type Operations, type Sending } from './kinds.ts';
import { managerLimits, type Added, type ManagerOptions } from './manager-options.ts';
import { Outbox } from './outbox.ts';
import { endError, refusalError } from './outcomes.ts';

/** What is wanted of a new job. */
export interface AddOptions {
  /** Of a kind that owns its tags: unique among its unfinished jobs. Else a label. */
  readonly tag: string;
  readonly operations: Operations;
  /** Higher goes first within its class; default 1. */
  readonly urgency?: Urgency | undefined;
  /** Milliseconds until it is ended as timed out, over everything; default none. */
  readonly timeoutMs?: number | undefined;
  /** What it is charged against its class's byte cap; default 0. */
  readonly bytes?: number | undefined;
  /** See {@link JobRef.exempt}; default false. */
  readonly exempt?: boolean | undefined;
  /** A server job that is to be answered; default true. */
  readonly answers?: boolean | undefined;
}

/** A job that was added. Its methods are legal at any time; after its callback they do nothing but report. */
export interface Job {
  readonly tag: string;
  readonly ref: JobRef;
  /** Ends it: its callback is run with `cancelled`. */
  cancel(reason?: unknown): void;
  /** The peer gives its request up: the handler is aborted, and the job answered with the cancelled error. */
  abort(): void;
  /** The response to it is here. */
  readDone(response: Completion, busy?: boolean): void;
}

/** The slots and queues, as a manager's snapshot shows them. */
export interface SlotReport {
  readonly send: { readonly slots: number; readonly taken: number; readonly waiting: number };
  readonly execute: { readonly slots: number; readonly taken: number; readonly parked: number; readonly waiting: number };
  readonly server: { readonly count: number; readonly bytes: number };
  readonly client: { readonly count: number; readonly bytes: number };
}

const managers = new WeakMap<AnyActorRef, Manager>();

/** The manager that an actor of {@link managerLogic} runs. */
export function managerOf(ref: AnyActorRef): Manager {
  const manager = managers.get(ref);
  if (manager === undefined) invalidOption('ref', ref.id, 'an actor made from managerLogic');
  return manager;
}

const provided = managerMachine.provide({
  actions: {
    spawn: ({ self }, { job, answers }) => managerOf(self)._spawn(job, answers),
    refuse: ({ self }, { job, code }) => managerOf(self)._refuse(job, code),
    tell: ({ self }, tell) => managerOf(self)._tell(tell),
    bury: ({ self }, { job }) => managerOf(self)._bury(job),
    report: ({ self, event }, params) => managerOf(self)._report('manager', params.event, (event as { job?: JobRef }).job),
    settle: ({ self }) => managerOf(self)._lineLost(),
    holdOff: ({ self }, { busyInARow }) => managerOf(self)._holdOff(busyInARow),
    close: ({ self }) => managerOf(self)._closed(),
  },
});

/**
 * The manager's chart as actor logic: `invoke: { src: managerLogic, input: options }`, or {@link createManager}.
 *
 * It is the machine itself but for three events of XState's own: a child that is done or has failed reports under one
 * event type (a machine remembers every type that it has seen, and ids are unique), and `xstate.stop`, for which a
 * machine runs no action, ends every job with its callback.
 */
export const managerLogic: Omit<typeof provided, 'provide'> = Object.create(provided, {
  getInitialSnapshot: {
    value: (scope: Parameters<typeof provided.getInitialSnapshot>[0], input: ManagerOptions | undefined) => {
      const manager = new Manager(scope.self, input ?? {}, scope.stopChild);
      managers.set(scope.self, manager);
      return provided.getInitialSnapshot(scope, managerLimits(input ?? {}));
    },
  },
  transition: {
    value: (snapshot: SnapshotFrom<typeof provided>, event: { type: string }, scope: Parameters<typeof provided.transition>[2]) => {
      const manager = managerOf(scope.self);
      if (event.type === 'xstate.stop') manager.kill();
      const own = event.type.startsWith('xstate.') ? manager._ownEvent(event) : event;
      const next = provided.transition(snapshot, own as ManagerEvent, scope);
      if (manager._hasSpawned) scope.defer(() => manager._startSpawned());
      return next;
    },
  },
});

/** What is reported when there is nothing that it could be of. */
const completions: ReadonlySet<string> = new Set<ManagerEvent['type']>(['send_done', 'read_done', 'abort', 'cancel']);

/** How many jobs of a lost line are ended before other work gets its turn. */
const SETTLE_BATCH = 512;

/**
 * Jobs, slots and who is next: the operations level, on which a protocol is built.
 *
 * It knows no protocol, no transport and no kind of job by name. Every decision is taken by the chart in
 * `machines/manager.ts`; this class is what the chart's effects do.
 */
export class Manager {
  /** The manager's actor: its snapshot has the chart's state and context. */
  readonly ref: AnyActorRef;
  readonly timers: Timers;
  /** Completions of nothing, second responses, events in the wrong state: counted here, told to onViolation. */
  violations = 0;
  readonly #options: ManagerOptions;
  readonly #kinds = new Map<string, { readonly kind: Kind; readonly logic: AnyStateMachine }>();
  readonly #table = new JobTable();
  /** Places in the table, by tags of ours. */
  readonly #tags = new Map<string, number>();
  readonly #outbox: Outbox;
  readonly #spawned: { readonly entry: JobEntry; readonly answers: boolean }[] = [];
  readonly #stopChild: (actor: AnyActorRef) => void;
  /** The next batch of a lost line's jobs, and the end of a busy peer's pause. */
  #settling: Timer | undefined;
  #pause: Timer | undefined;
  #killed = false;

  constructor(ref: AnyActorRef, options: ManagerOptions, stopChild: (actor: AnyActorRef) => void) {
    this.ref = ref;
    this.#options = options;
    this.#stopChild = stopChild;
    this.timers = new Timers(options.clock);
    this.#outbox = new Outbox((error) => this.#complain(error, 'operation', ''));
    for (const kind of kindsOf(options)) this.#register(kind);
  }

  /** Adds a job of a registered kind. Never throws for a full queue or a tag in use: it says so. */
  add(kind: string, options: AddOptions): Added<Job> {
    const registered = this.#kinds.get(kind);
    if (registered === undefined) invalidOption('kind', kind, `one of ${[...this.#kinds.keys()].join(', ')}`);
    const { tag, operations, urgency = 1, bytes = 0, exempt = false, answers = true, timeoutMs = Infinity } = options;
    if (typeof tag !== 'string') invalidOption('tag', tag, 'a string');
    if (!(urgency === 0 || urgency === 1 || urgency === 2)) invalidOption('urgency', urgency, '0, 1 or 2');
    if (!(Number.isFinite(bytes) && bytes >= 0)) invalidOption('bytes', bytes, 'a number from 0');
    if (!(typeof timeoutMs === 'number' && timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
    const ref: JobRef = { ...this.#table.reserve(), class: registered.kind.class, urgency, exempt, bytes };
    const entry: JobEntry = {
      ref,
      kind: registered.kind,
      tag,
      operations,
      actor: undefined,
      deadline: undefined,
      abortion: undefined,
      waits: 0,
      decision: undefined,
      offered: false,
      called: false,
    };
    this.#table.set(entry);
    const refused = this.#offer(entry, answers);
    if (refused !== undefined) return { ok: false, error: refusalError(refused, this.#context().limits, tag) };
    if (timeoutMs !== Infinity) entry.deadline = this.timers.start(timeoutMs, () => this.send({ type: 'deadline', job: ref }));
    this.#outbox.pump();
    return { ok: true, job: this.#jobOf(entry) };
  }

  addServer(options: AddOptions): Added<Job> {
    return this.add('server', options);
  }

  addClient(options: AddOptions): Added<Job> {
    return this.add('client', options);
  }

  /** The response to the job of ours with that tag. One that nobody waits for is reported; false says so. */
  readDone(tag: string, response: Completion, busy = false): boolean {
    const job = this.#byTag(tag);
    this.send({ type: 'read_done', job, response, busy });
    return job !== undefined;
  }

  /** Cancels the job of ours with that tag. */
  cancel(tag: string, reason?: unknown): void {
    this.send({ type: 'cancel', job: this.#byTag(tag), reason });
  }

  /** What may be sent: nothing (no line), answers and exempt requests (greeting), or everything. */
  gate(open: Gate): void {
    this.send({ type: 'gate', open });
  }

  /** The line is gone: jobs on it end, queued requests wait; `onSettled` says when all have ended. */
  lineLost(): void {
    this.send({ type: 'line_lost' });
  }

  /** Finishes what runs, takes nothing new, then closes. Resolves when it has closed, or was killed. */
  stop(): Promise<void> {
    if (!this.#isActive()) return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.ref.subscribe({ complete: resolve, error: () => resolve() }));
    this.send({ type: 'stop' });
    return closed;
  }

  /** Ends every job at once, each with its callback. Handlers are aborted, and the manager is closed. */
  kill(reason: unknown = new VirtagentError('STOPPED', 'stopped')): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#outbox.hold(() => {
      for (const entry of this.#table.all()) entry.actor?.send({ type: 'cancel', reason } satisfies JobEvent);
      this.#outbox.push(() => this.#endAll(reason));
    });
    this.timers.clear();
  }

  /** Slots and queues now. */
  get slots(): SlotReport {
    const { limits, sends, sendLanes, executions, executeLanes, parked, server, client } = this.#context();
    return {
      send: { slots: limits.sendSlots, taken: sends.size, waiting: waitingIn(sendLanes) },
      execute: { slots: limits.executeSlots, taken: executions.size - parked, parked, waiting: waitingIn(executeLanes) },
      server,
      client,
    };
  }

  /** How many jobs have an actor. */
  get jobs(): number {
    return this.#table.size;
  }

  /** The live job that an actor runs, for observers. */
  jobOfActor(ref: AnyActorRef): { readonly kind: string; readonly tag: string; readonly ref: JobRef } | undefined {
    const context = (ref.getSnapshot() as { context?: Partial<JobContext> } | undefined)?.context;
    const entry = context?.job === undefined ? undefined : this.#table.get(context.job);
    return entry?.actor === ref ? { kind: entry.kind.name, tag: entry.tag, ref: entry.ref } : undefined;
  }

  /** Sends the manager an event and runs the operations that it leads to. */
  send(event: ManagerEvent): void {
    this.#outbox.hold(() => (this.#killed || !this.#isActive() ? this.#sendClosed(event) : this.ref.send(event)));
  }

  // What the manager's chart asks for.

  /** @internal The actor is made right after the transition: made inside an action, XState's development build warns. */
  _spawn(job: JobRef, answers: boolean): void {
    const entry = this.#table.get(job);
    // Killed while the add waited in the mailbox: the end of the kill tells it.
    if (entry === undefined || this.#killed) return;
    entry.decision = 'admitted';
    this.#spawned.push({ entry, answers });
  }

  /** @internal */
  get _hasSpawned(): boolean {
    return this.#spawned.length > 0;
  }

  /** @internal */
  _startSpawned(): void {
    for (const { entry, answers } of this.#spawned.splice(0)) {
      if (this.#table.get(entry.ref) !== entry) continue;
      const { logic, kind } = this.#kinds.get(entry.kind.name) as { kind: Kind; logic: AnyStateMachine };
      const input: JobInput = { job: entry.ref, answers };
      entry.actor = createActor(logic, { id: `${kind.name}:${entry.ref.seq}`, parent: this.ref, input } as ActorOptions<AnyStateMachine>);
      entry.actor.start();
    }
  }

  /** @internal */
  _refuse(job: JobRef, code: Refusal): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    entry.decision = code;
    const error = refusalError(code, this.#context().limits, entry.tag);
    // Added from inside an observer, after the add had returned: the callback is the only one left to tell.
    if (entry.offered) this.#outbox.push(() => this.#call(entry, { type: 'send-failed', error, known: 'not-sent' }));
    this._bury(job);
  }

  /** @internal */
  _tell({ job, event }: Tell): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    if (event.type === 'send' || event.type === 'execute' || event.type === 'resume') entry.waits--;
    // The manager's chart has withdrawn it from every queue.
    else if (event.type === 'cancel' || event.type === 'deadline') entry.waits = 0;
    entry.actor?.send(event);
  }

  /** @internal */
  _bury(job: JobRef): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    this.timers.cancel(entry.deadline);
    if (entry.kind.ownsTag && this.#tags.get(entry.tag) === job.index) this.#tags.delete(entry.tag);
    this.#table.free(job);
  }

  /** @internal */
  _report(where: string, event: string, job: JobRef | undefined): void {
    if (this.#killed) return;
    this.violations++;
    const tag = job === undefined ? undefined : this.#table.get(job)?.tag;
    this.#observe(() => this.#options.onViolation?.({ where, event, tag }));
  }

  /** @internal A second loss while the jobs of the first are being ended begins again: both settle together. */
  _lineLost(): void {
    this.timers.cancel(this.#settling);
    this.timers.cancel(this.#pause);
    this.#settle(0, this.#table.nextSeq);
  }

  /** @internal */
  _holdOff(busyInARow: number): void {
    const pause = backoff(busyInARow, durations.busyFirst, durations.busyLast, this.#options.random ?? Math.random);
    this.#pause = this.timers.start(pause, () => this.send({ type: 'backoff_over' }));
  }

  /** @internal */
  _closed(): void {
    this.timers.cancel(this.#pause);
  }

  /** @internal XState's own events, as events of the chart. */
  _ownEvent(event: { type: string; output?: unknown; error?: unknown; actorId?: string }): ManagerEvent | { type: string } {
    const hasFailed = event.type.startsWith('xstate.error.actor.');
    if (!hasFailed && !event.type.startsWith('xstate.done.actor.')) return event;
    const job = (event.output as Partial<JobContext> | undefined)?.job;
    // Somebody's chart that threw, or has no output: the one place where a job is looked for among all.
    const entry = job === undefined ? this.#table.all().find((one) => one.actor?.id === event.actorId) : this.#table.get(job);
    if (entry === undefined) return { type: 'xstate.ignored' };
    if (!entry.called)
      this.#endSilent(entry, hasFailed ? event.error : new Error(`the chart of ${entry.kind.name} is done without callback`));
    return { type: 'job_done', job: entry.ref } satisfies ManagerEvent;
  }

  /** Tells the jobs that were there when the line was lost, a batch at a time; `before` is the number of the first that wasn't. */
  #settle(from: number, before: number): void {
    const { entries, next } = this.#table.slice(from, SETTLE_BATCH);
    for (const entry of entries) if (entry.ref.seq < before) entry.actor?.send({ type: 'line_lost' } satisfies JobEvent);
    if (next >= 0) {
      this.#settling = this.timers.start(0, () => this.#outbox.hold(() => this.#settle(next, before)));
      return;
    }
    this.ref.send({ type: 'settled' } satisfies ManagerEvent);
    this.#observe(() => this.#options.onSettled?.());
  }

  /** A chart is over and its callback was not run. */
  #endSilent(entry: JobEntry, error: unknown): void {
    this.#complain(error, 'chart', entry.tag);
    if (entry.kind.slots.includes('execute')) this.#abort(entry, { type: 'cancel', reason: error });
    this.#outbox.push(() => this.#call(entry, { type: 'error', error, known: 'perhaps-executed' }));
  }

  /** The last of a kill: jobs that were in the middle of a transition, or whose add still waits, end all the same. */
  #endAll(reason: unknown): void {
    for (const entry of this.#table.all()) {
      this.#call(entry, { type: 'cancelled', reason, known: entry.actor === undefined ? 'not-sent' : 'perhaps-executed' });
      this._bury(entry.ref);
    }
    if (this.#isActive()) this.ref.send({ type: 'kill' } satisfies ManagerEvent);
  }

  /** An event for a manager that has closed. What is completed after a kill, or was of an earlier line, is only late. */
  #sendClosed(event: ManagerEvent): void {
    if (event.type === 'line_lost') return this.#observe(() => this.#options.onSettled?.());
    const isCompletion = event.type === 'execute_done' || event.type === 'park' || event.type === 'unpark';
    if (isCompletion ? isExecuting(this.#context(), event) : event.type === 'send_done' && wasRevoked(this.#context(), event)) return;
    if (isCompletion || completions.has(event.type)) this._report('manager', event.type, (event as Partial<OfPermit>).job);
  }

  // What the jobs' charts ask for.

  #register(kind: Kind): void {
    type Args = { context: JobContext };
    // A job of a manager that was killed in the middle of the job's own transition has no entry any more.
    const of =
      <P>(run: (entry: JobEntry, params: P) => void) =>
      ({ context }: Args, params: P): void => {
        const entry = this.#table.get(context.job);
        if (entry !== undefined) run(entry, params);
      };
    const logic = kind.chart.provide({
      actions: {
        want: of<{ grant: Grant; permit?: number }>((entry, params) => this.#want(entry, params.grant, params.permit)),
        release: of<{ permit: number }>((entry, { permit }) =>
          this.ref.send({ type: 'release', job: entry.ref, permit } satisfies ManagerEvent),
        ),
        execute: of<{ permit: number }>((entry, { permit }) => this.#execute(entry, permit)),
        resume: of<{ permit: number }>((entry, { permit }) => this.#resume(entry, permit)),
        send: of<{ permit: number; value: Completion | undefined }>((entry, { permit, value }) => this.#sendJob(entry, permit, value)),
        callback: of<{ outcome: Outcome | undefined }>((entry, { outcome }) => {
          if (entry.waits > 0) this.#abandon(entry);
          this.#outbox.push(() => this.#call(entry, outcome ?? { type: 'value', value: undefined, known: 'executed' }));
        }),
        abort: of<{ reason: unknown }>((entry, { reason }) => {
          if (entry.waits > 0 || entry.kind.slots.includes('execute')) this.#abandon(entry);
          this.#abort(entry, reason as JobEvent);
        }),
        report: ({ context }: Args, { event }: { event: string }) => this._report(kind.name, event, context.job),
      },
    } as Parameters<AnyStateMachine['provide']>[0]);
    this.#kinds.set(kind.name, { kind, logic });
  }

  #want(entry: JobEntry, grant: Grant, permit: number | undefined): void {
    const slot: SlotName = grant === 'send' ? 'send' : 'execute';
    if (!entry.kind.slots.includes(slot)) return this._report(entry.kind.name, `want ${slot}`, entry.ref);
    entry.waits++;
    this.ref.send({ type: 'want', job: entry.ref, grant, ...(permit === undefined ? undefined : { permit }) } satisfies ManagerEvent);
  }

  #abandon(entry: JobEntry): void {
    entry.waits = 0;
    this.ref.send({ type: 'abandon', job: entry.ref } satisfies ManagerEvent);
  }

  #execute(entry: JobEntry, permit: number): void {
    const execution = this.#executionOf(entry, permit);
    this.#operate(entry, 'execute', permit, execution.done, () => entry.operations.execute?.(execution));
  }

  #resume(entry: JobEntry, permit: number): void {
    const execution = this.#executionOf(entry, permit);
    this.#run(() =>
      this.#attempt(
        () => entry.operations.resume?.(execution),
        (error) => this.#complain(error, 'resume', entry.tag),
      ),
    );
  }

  #sendJob(entry: JobEntry, permit: number, value: Completion | undefined): void {
    const { ref: job, tag } = entry;
    const done = (completion: SendCompletion): void => this.send({ type: 'send_done', job, permit, completion });
    const sending: Sending = { tag, value, done };
    this.#operate(entry, 'send', permit, done, () => entry.operations.send?.(sending));
  }

  /** Runs an operation that is to be completed: one that a job lacks is, and one that fails has failed. */
  #operate(
    entry: JobEntry,
    name: 'execute' | 'send',
    permit: number,
    done: (completion: SendCompletion) => void,
    operation: () => unknown,
  ): void {
    const of = { job: entry.ref, permit };
    const isHeld = (): boolean => (name === 'send' ? isSending : isExecuting)(this.#context(), of);
    this.#run(() => {
      // The line was lost before its turn came: what was to be sent is of the old session, and must not reach the next.
      if (!isHeld()) return;
      if (entry.operations[name] === undefined) return done({ ok: true });
      this.#attempt(operation, (error) => {
        // It had completed before it failed: that is a second completion, which says nothing of the error.
        if (!this.#killed && !isHeld()) this.#complain(error, name, entry.tag);
        done({ ok: false, error });
      });
    });
  }

  #abort(entry: JobEntry, reason: JobEvent): void {
    this.#outbox.push(() => {
      const error = endError(reason);
      entry.abortion ??= new AbortController();
      entry.abortion.abort(error);
      this.#attempt(
        () => entry.operations.abort?.(error),
        (thrown) => this.#complain(thrown, 'abort', entry.tag),
      );
    });
  }

  #call(entry: JobEntry, outcome: Outcome): void {
    if (entry.called) return;
    entry.called = true;
    this.timers.cancel(entry.deadline);
    this.#attempt(
      () => entry.operations.callback?.(outcome, entry.tag),
      (error) => this.#complain(error, 'callback', entry.tag),
    );
    if (entry.actor?.getSnapshot().status !== 'active') return;
    // A parent that was stopped meanwhile can't be told that it is done.
    if (this.#isActive()) entry.actor.send({ type: 'callback_done' } satisfies JobEvent);
    else this.#stopChild(entry.actor);
  }

  #executionOf(entry: JobEntry, permit: number): Execution {
    const { ref: job, tag } = entry;
    return {
      tag,
      get signal() {
        return (entry.abortion ??= new AbortController()).signal;
      },
      done: (completion) => this.send({ type: 'execute_done', job, permit, completion }),
      park: () => this.send({ type: 'park', job, permit }),
      unpark: () => this.send({ type: 'unpark', job, permit }),
    };
  }

  /** Has an operation run, if nobody kills the manager first. */
  #run(operation: () => void): void {
    this.#outbox.push(() => {
      if (!this.#killed) operation();
    });
  }

  /** Runs an operation; what it throws, or rejects with, goes to `failed`, once. */
  #attempt(operation: () => unknown, failed: (error: unknown) => void): void {
    try {
      const result = operation();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#outbox.hold(() => failed(error)));
    } catch (error) {
      failed(error);
    }
  }

  #complain(error: unknown, operation: string, tag: string): void {
    this.#observe(() => this.#options.onError?.(error, operation, tag));
  }

  /** Tells somebody who only watches: what he throws is dropped, or it would have to be told to him. */
  #observe(tell: () => void): void {
    this.#outbox.push(() => {
      try {
        tell();
      } catch {
        // See ManagerOptions.
      }
    });
  }

  /** Puts the add to the chart; its answer is here at once, unless an observer added in the middle of a transition. */
  #offer(entry: JobEntry, answers: boolean): Refusal | 'STOPPED' | undefined {
    if (this.#killed || !this.#isActive()) {
      this.#table.free(entry.ref);
      return 'STOPPED';
    }
    const tagInUse = entry.kind.ownsTag && this.#tags.has(entry.tag);
    if (entry.kind.ownsTag && !tagInUse) this.#tags.set(entry.tag, entry.ref.index);
    this.#outbox.hold(() => this.ref.send({ type: 'add', job: entry.ref, answers, tagInUse } satisfies ManagerEvent), false);
    entry.offered = true;
    return entry.decision === 'admitted' ? undefined : entry.decision;
  }

  #jobOf(entry: JobEntry): Job {
    const { ref, tag } = entry;
    const live = (): JobRef | undefined => (this.#table.get(ref) === entry ? ref : undefined);
    return {
      tag,
      ref,
      cancel: (reason) => this.send({ type: 'cancel', job: live(), reason }),
      abort: () => this.send({ type: 'abort', job: live() }),
      readDone: (response, busy = false) => this.send({ type: 'read_done', job: live(), response, busy }),
    };
  }

  /** The job that has that tag of ours. */
  #byTag(tag: string): JobRef | undefined {
    const index = this.#tags.get(tag);
    return index === undefined ? undefined : this.#table.at(index)?.ref;
  }

  #isActive(): boolean {
    return this.ref.getSnapshot().status === 'active';
  }

  #context(): ManagerContext {
    return (this.ref.getSnapshot() as SnapshotFrom<typeof provided>).context;
  }
}

/** Options of {@link createManager}. */
export interface CreateManagerOptions extends ManagerOptions {
  /** Watches the actor system, as XState's own option. */
  readonly inspect?: ActorOptions<typeof managerLogic>['inspect'];
  /** Whether a line is there from the start; default true. With false, `gate('all')` opens it. */
  readonly line?: boolean | undefined;
}

/** A manager by itself, started. Throws INVALID_OPTION. */
export function createManager(options: CreateManagerOptions = {}): Manager {
  const { inspect, line = true, ...input } = options;
  managerLimits(input);
  kindsOf(input);
  const actor = createActor(managerLogic as typeof provided, {
    input: input as never,
    ...(inspect === undefined ? undefined : { inspect: guardedInspect(inspect, (error) => input.onError?.(error, 'inspect', '')) }),
  });
  actor.start();
  const manager = managerOf(actor);
  if (line) manager.gate('all');
  return manager;
}

/** The kinds of a manager, checked. Throws INVALID_OPTION. */
function kindsOf(options: ManagerOptions): readonly Kind[] {
  const kinds = [serverKind, clientKind, ...(options.kinds ?? [])];
  for (const [at, { name }] of kinds.entries()) {
    if (kinds.findIndex((one) => one.name === name) !== at) invalidOption('kinds', name, 'kinds with different names');
  }
  return kinds;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
