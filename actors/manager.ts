import { createActor, type ActorOptions, type AnyActorRef, type AnyStateMachine, type SnapshotFrom } from 'xstate';
import type { Completion, JobContext, JobEvent, JobInput, JobRef, Outcome, SendCompletion, SlotName, Urgency } from '../machines/job.ts';
import { waitingIn } from '../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../machines/manager.ts';
import type { Gate, ManagerContext, Refusal, Tell } from '../machines/slots.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { backoff, durations, Timers } from '../transport/timers.ts';
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
    settle: ({ self }) => managerOf(self)._settle(),
    holdOff: ({ self }, { busyInARow }) => managerOf(self)._holdOff(busyInARow),
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
      const manager = new Manager(scope.self, input ?? {});
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
  readonly #tags = new Map<string, JobEntry>();
  readonly #outbox: Outbox;
  #adding: JobEntry | undefined;
  readonly #spawned: { readonly entry: JobEntry; readonly answers: boolean }[] = [];
  #decision: Refusal | 'STOPPED' | 'admitted' | undefined;
  #killed = false;

  constructor(ref: AnyActorRef, options: ManagerOptions) {
    this.ref = ref;
    this.#options = options;
    this.timers = new Timers(options.clock);
    this.#outbox = new Outbox((error) => this.#complain(error, 'operation', ''));
    for (const kind of [serverKind, clientKind, ...(options.kinds ?? [])]) this.#register(kind);
  }

  /** Adds a job of a registered kind. Never throws for a full queue or a tag in use: it says so. */
  add(kind: string, options: AddOptions): Added<Job> {
    const registered = this.#kinds.get(kind);
    if (registered === undefined) invalidOption('kind', kind, `one of ${[...this.#kinds.keys()].join(', ')}`);
    const { tag, operations, urgency = 1, bytes = 0, exempt = false, answers = true } = options;
    if (!(urgency === 0 || urgency === 1 || urgency === 2)) invalidOption('urgency', urgency, '0, 1 or 2');
    const ref: JobRef = { ...this.#table.reserve(), class: registered.kind.class, urgency, exempt, bytes };
    const entry: JobEntry = {
      ref,
      kind: registered.kind,
      tag,
      operations,
      actor: undefined,
      deadline: undefined,
      abortion: undefined,
      called: false,
    };
    this.#table.set(entry);
    const refused = this.#offer(entry, answers);
    if (refused !== undefined) return { ok: false, error: refusalError(refused, this.#context().limits, tag) };
    if (options.timeoutMs !== undefined && options.timeoutMs !== Infinity && !entry.called) {
      entry.deadline = this.timers.start(options.timeoutMs, () => this.send({ type: 'deadline', job: ref }));
    }
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
    const entry = this.#tags.get(tag);
    this.send({ type: 'read_done', job: entry?.ref, response, busy });
    return entry !== undefined;
  }

  /** Cancels the job of ours with that tag. */
  cancel(tag: string, reason?: unknown): void {
    this.send({ type: 'cancel', job: this.#tags.get(tag)?.ref, reason });
  }

  /** What may be sent: nothing (no line), answers and exempt requests (greeting), or everything. */
  gate(open: Gate): void {
    this.send({ type: 'gate', open });
  }

  /** The line is gone: jobs on it end, queued requests wait; `onSettled` says when all have ended. */
  lineLost(): void {
    this.send({ type: 'line_lost' });
  }

  /** Finishes what runs, takes nothing new, then closes. Resolves when it has closed. */
  stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.ref.subscribe({ complete: resolve }));
    this.send({ type: 'stop' });
    return this.ref.getSnapshot().status === 'active' ? closed : Promise.resolve();
  }

  /** Ends every job at once, each with its callback. Handlers are aborted. */
  kill(reason: unknown = new VirtagentError('STOPPED', 'stopped')): void {
    if (this.#killed) return;
    this.#killed = true;
    for (const entry of this.#table.all()) entry.actor?.send({ type: 'cancel', reason });
    this.#outbox.pump();
    for (const entry of this.#table.all()) this._bury(entry.ref);
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
    if (this.#killed) return;
    this.#outbox.hold(() => this.ref.send(event));
  }

  // What the manager's chart asks for.

  /** @internal The actor is made right after the transition: made inside an action, XState's development build warns. */
  _spawn(job: JobRef, answers: boolean): void {
    const entry = this.#table.get(job) as JobEntry;
    if (entry.kind.ownsTag) this.#tags.set(entry.tag, entry);
    this.#spawned.push({ entry, answers });
    if (this.#adding === entry) this.#decision = 'admitted';
  }

  /** @internal */
  get _hasSpawned(): boolean {
    return this.#spawned.length > 0;
  }

  /** @internal */
  _startSpawned(): void {
    for (const { entry, answers } of this.#spawned.splice(0)) {
      const { logic, kind } = this.#kinds.get(entry.kind.name) as { kind: Kind; logic: AnyStateMachine };
      const input: JobInput = { job: entry.ref, answers };
      entry.actor = createActor(logic, { id: `${kind.name}:${entry.ref.seq}`, parent: this.ref, input } as ActorOptions<AnyStateMachine>);
      entry.actor.start();
    }
  }

  /** @internal */
  _refuse(job: JobRef, code: Refusal | 'STOPPED'): void {
    const entry = this.#table.get(job) as JobEntry;
    this.#table.free(job);
    if (this.#adding === entry) this.#decision = code;
    // Added from inside an observer, after the add had returned: the callback is the only one left to tell.
    else
      this.#outbox.push(() =>
        this.#call(entry, { type: 'send-failed', error: refusalError(code, this.#context().limits, entry.tag), known: 'not-sent' }),
      );
  }

  /** @internal */
  _tell({ job, event }: Tell): void {
    this.#table.get(job)?.actor?.send(event);
  }

  /** @internal */
  _bury(job: JobRef): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    this.timers.cancel(entry.deadline);
    if (this.#tags.get(entry.tag) === entry) this.#tags.delete(entry.tag);
    this.#table.free(job);
  }

  /** @internal */
  _report(where: string, event: string, job: JobRef | undefined): void {
    this.violations++;
    const tag = job === undefined ? undefined : this.#table.get(job)?.tag;
    const told = this.#options.onViolation;
    if (told !== undefined) this.#outbox.push(() => told({ where, event, tag }));
  }

  /** @internal */
  _settle(from = 0, before = this.#table.nextSeq): void {
    const { entries, next } = this.#table.slice(from, SETTLE_BATCH);
    for (const entry of entries) if (entry.ref.seq < before) entry.actor?.send({ type: 'line_lost' } satisfies JobEvent);
    if (next >= 0) {
      this.timers.start(0, () => this.#outbox.hold(() => this._settle(next, before)));
      return;
    }
    this.ref.send({ type: 'settled' } satisfies ManagerEvent);
    const settled = this.#options.onSettled;
    if (settled !== undefined) this.#outbox.push(settled);
  }

  /** @internal */
  _holdOff(busyInARow: number): void {
    const pause = backoff(busyInARow, durations.busyFirst, durations.busyLast, this.#options.random ?? Math.random);
    this.timers.start(pause, () => this.send({ type: 'backoff_over' }));
  }

  /** @internal XState's own events, as events of the chart. */
  _ownEvent(event: { type: string; output?: unknown; error?: unknown; actorId?: string }): { type: string } {
    if (event.type.startsWith('xstate.done.actor.')) return { type: 'job_done', job: (event.output as JobContext).job } as ManagerEvent;
    if (!event.type.startsWith('xstate.error.actor.')) return event;
    // A chart of somebody's that threw: the job is over, and its callback still owed.
    const entry = this.#table.all().find((one) => one.actor?.id === event.actorId);
    if (entry === undefined) return { type: 'xstate.ignored' };
    this.#complain(event.error, 'chart', entry.tag);
    if (!entry.called) this.#outbox.push(() => this.#call(entry, { type: 'error', error: event.error, known: 'perhaps-executed' }));
    return { type: 'job_done', job: entry.ref } as ManagerEvent;
  }

  // What the jobs' charts ask for.

  #register(kind: Kind): void {
    if (this.#kinds.has(kind.name)) invalidOption('kinds', kind.name, 'kinds with different names');
    type Args = { context: JobContext };
    const entryOf = ({ context }: Args): JobEntry => this.#table.get(context.job) as JobEntry;
    const logic = kind.chart.provide({
      actions: {
        want: ({ context }: Args, { grant, permit }: { grant: 'send' | 'execute' | 'resume'; permit?: number }) => {
          const slot: SlotName = grant === 'send' ? 'send' : 'execute';
          if (!kind.slots.includes(slot)) this._report(kind.name, `want ${slot}`, context.job);
          else
            this.ref.send({
              type: 'want',
              job: context.job,
              grant,
              ...(permit === undefined ? undefined : { permit }),
            } satisfies ManagerEvent);
        },
        release: ({ context }: Args, { permit }: { permit: number }) =>
          this.ref.send({ type: 'release', job: context.job, permit } satisfies ManagerEvent),
        execute: (args: Args, { permit }: { permit: number }) => this.#execute(entryOf(args), permit),
        resume: (args: Args, { permit }: { permit: number }) => this.#resume(entryOf(args), permit),
        send: (args: Args, params: { permit: number; value: Completion | undefined }) =>
          this.#sendJob(entryOf(args), params.permit, params.value),
        callback: (args: Args, { outcome }: { outcome: Outcome | undefined }) => {
          const entry = entryOf(args);
          this.#outbox.push(() => this.#call(entry, outcome as Outcome));
        },
        abort: (args: Args, { reason }: { reason: unknown }) => this.#abort(entryOf(args), reason as JobEvent),
        report: ({ context }: Args, { event }: { event: string }) => this._report(kind.name, event, context.job),
      },
    } as Parameters<AnyStateMachine['provide']>[0]);
    this.#kinds.set(kind.name, { kind, logic });
  }

  #execute(entry: JobEntry, permit: number): void {
    const execution = this.#executionOf(entry, permit);
    this.#outbox.push(() => {
      if (entry.operations.execute === undefined) return execution.done({ ok: true });
      this.#attempt(
        () => entry.operations.execute?.(execution),
        (error) => execution.done({ ok: false, error }),
      );
    });
  }

  #resume(entry: JobEntry, permit: number): void {
    const execution = this.#executionOf(entry, permit);
    this.#outbox.push(() =>
      this.#attempt(
        () => entry.operations.resume?.(execution),
        (error) => this.#complain(error, 'resume', entry.tag),
      ),
    );
  }

  #sendJob(entry: JobEntry, permit: number, value: Completion | undefined): void {
    const { ref: job, tag } = entry;
    const sending: Sending = {
      tag,
      value,
      done: (completion: SendCompletion) => this.send({ type: 'send_done', job, permit, completion }),
    };
    this.#outbox.push(() => {
      if (entry.operations.send === undefined) return sending.done({ ok: true });
      this.#attempt(
        () => entry.operations.send?.(sending),
        (error) => sending.done({ ok: false, error }),
      );
    });
  }

  #abort(entry: JobEntry, reason: JobEvent): void {
    this.#outbox.push(() => {
      const error = endError(reason);
      entry.abortion ??= new AbortController();
      try {
        entry.abortion.abort(error);
        entry.operations.abort?.(error);
      } catch (thrown) {
        this.#complain(thrown, 'abort', entry.tag);
      }
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
    entry.actor?.send({ type: 'callback_done' } satisfies JobEvent);
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

  /** Runs an operation; what it throws, or rejects with, goes to `failed`, once. */
  #attempt(operation: () => unknown, failed: (error: unknown) => void): void {
    try {
      const result = operation();
      if (result instanceof Promise) result.catch((error: unknown) => this.#outbox.hold(() => failed(error)));
    } catch (error) {
      failed(error);
    }
  }

  #complain(error: unknown, operation: string, tag: string): void {
    const told = this.#options.onError;
    if (told !== undefined) this.#outbox.push(() => told(error, operation, tag));
  }

  /** Puts the add to the chart; its answer is here at once, unless an observer added in the middle of a transition. */
  #offer(entry: JobEntry, answers: boolean): Refusal | 'STOPPED' | undefined {
    if (this.#killed || this.ref.getSnapshot().status !== 'active') {
      this.#table.free(entry.ref);
      return 'STOPPED';
    }
    this.#adding = entry;
    this.#decision = undefined;
    const tagInUse = entry.kind.ownsTag && this.#tags.has(entry.tag);
    this.#outbox.hold(() => this.ref.send({ type: 'add', job: entry.ref, answers, tagInUse } satisfies ManagerEvent), false);
    this.#adding = undefined;
    return this.#decision === 'admitted' ? undefined : this.#decision;
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

/** A manager by itself, started. */
export function createManager(options: CreateManagerOptions = {}): Manager {
  const { inspect, line = true, ...input } = options;
  const actor = createActor(managerLogic as typeof provided, {
    input: input as never,
    ...(inspect === undefined ? undefined : { inspect }),
  });
  actor.start();
  const manager = managerOf(actor);
  if (line) manager.gate('all');
  return manager;
}
