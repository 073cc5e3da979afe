import type { AnyActorRef, AnyStateMachine, SnapshotFrom } from 'xstate';
import type { Completion, JobContext, JobEvent, JobInput, JobRef } from '../machines/job.ts';
import { waitingIn } from '../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../machines/manager.ts';
import type { Gate, ManagerContext, Terms } from '../machines/manager-context.ts';
import { isExecuting, wasRevoked, type OfPermit, type Refusal, type Tell } from '../machines/slots.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { SteadyMap } from '../transport/steady-map.ts';
import { steadyRandom } from '../transport/random.ts';
import { backoff, durations, Timers, type Timer } from '../transport/timers.ts';
import { isWatched } from './compiled.ts';
import { JobActors } from './job-actors.ts';
import type { Journal, JournalSource } from './journal.ts';
import { JobRunner, logicOf, type RunnerHost } from './job-runner.ts';
import { JobEntry, JobTable } from './job-table.ts';
import type { Kind } from './kinds.ts';
import {
  checkAdd,
  checkCredit,
  kindsOf,
  type Added,
  type AddOptions,
  type Job,
  type ManagerOptions,
  type SlotReport,
} from './manager-options.ts';
import { refusalError } from './outcomes.ts';
import { unlistChildrenOf } from './unlisted.ts';

export type { AddOptions, Job, SlotReport } from './manager-options.ts';

/** The manager's chart, as a machine. */
export type ManagerChart = typeof managerMachine;

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
  /** @internal The manager's chart, as it is run: with its effects. */
  readonly _logic: ManagerChart;
  /** Completions of nothing, second responses, events in the wrong state: counted here, told to onViolation. */
  violations = 0;
  /** @internal What its jobs do is written down there, while an inspector is attached. */
  _journal: Journal | undefined = undefined;
  readonly #options: ManagerOptions;
  readonly #random: () => number;
  readonly #kinds = new Map<string, { readonly kind: Kind; readonly logic: AnyStateMachine }>();
  readonly #table = new JobTable();
  /** Places in the table, by tags of ours. */
  readonly #tags = new SteadyMap<string, number>();
  readonly #runner: JobRunner;
  readonly #actors: JobActors;
  /** Jobs that were admitted in this transition. */
  readonly #spawned: JobEntry[] = [];
  readonly #stopChild: (actor: AnyActorRef) => void;
  /** The next batch of a lost line's jobs, and the end of a busy peer's pause. */
  #settling: Timer | undefined;
  #pause: Timer | undefined;
  #killed = false;

  /** @internal */
  constructor(ref: AnyActorRef, options: ManagerOptions, stopChild: (actor: AnyActorRef) => void, logic: ManagerChart) {
    this.ref = ref;
    this.#options = options;
    const { random = Math.random } = options;
    this.#random = steadyRandom(random, Math.random, (error) => this.#runner.complain(error, 'random', ''));
    this.#stopChild = stopChild;
    unlistChildrenOf(ref);
    this.timers = new Timers(options.clock);
    this.#runner = new JobRunner(this.#runnerHost());
    this.#actors = new JobActors(ref);
    const interprets = options.interpretCharts === true;
    this._logic = logic;
    for (const kind of kindsOf(options)) this.#kinds.set(kind.name, { kind, logic: logicOf(kind, interprets) });
  }

  /** Adds a job of a registered kind. Never throws for a full queue or a tag in use: it says so. */
  add(kind: string, options: AddOptions): Added<Job> {
    const registered = this.#kinds.get(kind);
    if (registered === undefined) invalidOption('kind', kind, `one of ${[...this.#kinds.keys()].join(', ')}`);
    const { tag, urgency = 1, bytes = 0, exempt = false, timeoutMs = Infinity } = options;
    checkAdd(tag, urgency, bytes, timeoutMs);
    const { kind: of } = registered;
    const ref: JobRef = { seq: this.#table.takeSeq(), index: this.#table.takeIndex(), class: of.class, urgency, exempt, bytes };
    const entry = new JobEntry(this, ref, of, options);
    this.#table.set(entry);
    if (this._journal !== undefined) this.#tick(this._journal, false);
    const refused = this.#offer(entry);
    if (refused !== undefined) return { ok: false, error: refusalError(refused, this.#context.limits, tag) };
    if (timeoutMs !== Infinity) entry.deadline = this.timers.start(timeoutMs, () => this.send({ type: 'deadline', job: ref }));
    this.#runner.outbox.pump();
    return { ok: true, job: entry };
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

  /** What the job of ours with that tag calls; undefined where there is none. */
  methodOf(tag: string): string | undefined {
    const job = this.#byTag(tag);
    return job === undefined ? undefined : this.#table.get(job)?.method;
  }

  /** Cancels the job of ours with that tag. */
  cancel(tag: string, reason?: unknown): void {
    this.send({ type: 'cancel', job: this.#byTag(tag), reason });
  }

  /** What may be sent: nothing (no line), answers and exempt requests (greeting), or everything. */
  gate(open: Gate): void {
    this.send({ type: 'gate', open });
  }

  /**
   * Holds back everything that is to be sent, answers too, or lets it go again: whatever the line does meanwhile. Deadlines run on; `stop`
   * ends it.
   */
  pause(paused: boolean): void {
    if (typeof paused !== 'boolean') invalidOption('paused', paused, 'true or false');
    this.send({ type: 'pause', paused });
  }

  /** What the protocol says of how many requests may be sent, where that becomes known late: before anything is sent. */
  terms(terms: Terms): void {
    this.send({ type: 'terms', ...terms });
  }

  /** With `credits`: the other side takes so many more requests, and so many more bytes of them. A lost line takes back all of it. */
  credit(requests: number, bytes: number): void {
    checkCredit(requests, bytes);
    this.send({ type: 'credit', requests, bytes });
  }

  /** The line is gone: jobs on it end, queued requests wait; `onSettled` says when all have ended. */
  lineLost(): void {
    this.send({ type: 'line_lost' });
  }

  /** Finishes what runs, takes nothing new, then closes. Resolves when it has closed, or was killed. */
  stop(): Promise<void> {
    if (!this.#isActive) return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.ref.subscribe({ complete: resolve, error: () => resolve() }));
    this.send({ type: 'stop' });
    return closed;
  }

  /** Ends every job at once, each with its callback. Handlers are aborted, and the manager is closed. */
  kill(reason: unknown = new VirtagentError('STOPPED', 'stopped')): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#runner.outbox.around(() => {
      for (const entry of this.#table.all()) entry.actor?.send({ type: 'cancel', reason } satisfies JobEvent);
      this.#runner.outbox.push(() => this.#endAll(reason));
    });
    this.timers.clear();
  }

  /** Slots and queues now. */
  get slots(): SlotReport {
    const { limits, sends, sendLanes, executions, executeLanes, parked, server, client, credit } = this.#context;
    return {
      send: { slots: limits.sendSlots, taken: sends.size, waiting: waitingIn(sendLanes) },
      execute: { slots: limits.executeSlots, taken: executions.size - parked, parked, waiting: waitingIn(executeLanes) },
      server,
      client,
      ...(limits.credits === true ? { credit } : undefined),
    };
  }

  /** Whether {@link pause} holds back what is to be sent. */
  get isPaused(): boolean {
    return this.#context.paused;
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
    const { outbox } = this.#runner;
    outbox.hold();
    if (this._journal !== undefined) this.#tick(this._journal, event.type === 'execute_done');
    try {
      if (this.#killed || !this.#isActive) this.#sendClosed(event);
      else this.ref.send(event);
    } finally {
      outbox.release();
      outbox.pump();
    }
  }

  // What the manager's chart asks for.

  /** @internal The actor is made right after the transition: made inside an action, XState's development build warns. */
  _spawn(job: JobRef): void {
    const entry = this.#table.get(job);
    // Killed while the add waited in the mailbox: it has been told.
    if (entry === undefined) return;
    entry.decision = 'admitted';
    this.#spawned.push(entry);
  }

  /** @internal */
  get _hasSpawned(): boolean {
    return this.#spawned.length > 0;
  }

  /** @internal */
  readonly _startSpawned = (): void => {
    const isSeen = this.#options.interpretCharts === true || isWatched();
    for (let entry = this.#spawned.shift(); entry !== undefined; entry = this.#spawned.shift()) {
      // Killed in between: the end of the kill tells it.
      if (this.#killed) continue;
      const { logic, kind } = this.#kinds.get(entry.kind.name) as { kind: Kind; logic: AnyStateMachine };
      this._journal?.begin(entry);
      const input: JobInput = { job: entry.ref, answers: entry.answers };
      entry.actor = this.#actors.create(logic, `${kind.name}:${entry.ref.seq}`, input, isSeen);
      entry.actor.start();
    }
  };

  /** @internal */
  _refuse(job: JobRef, code: Refusal): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    entry.decision = code;
    const error = refusalError(code, this.#context.limits, entry.tag);
    // Added from inside an observer, after the add had returned: the callback is the only one left to tell.
    if (entry.offered) this.#runner.outbox.push(() => this.#runner.call(entry, { type: 'send-failed', error, known: 'not-sent' }));
    this._bury(job);
  }

  /** @internal */
  _tell({ job, event }: Tell): void {
    const entry = this.#table.get(job);
    if (entry === undefined) return;
    if (event.type === 'send' || event.type === 'execute' || event.type === 'resume') {
      if (entry.waits === 0 && event.type !== 'resume') return this.#giveBack(job, event);
      entry.waits--;
    }
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
    this.#table.free(entry);
  }

  /** @internal */
  _report(where: string, event: string, job: JobRef | undefined): void {
    if (this.#killed) return;
    this.violations++;
    const tag = job === undefined ? undefined : this.#table.get(job)?.tag;
    this.#runner.observe(() => this.#options.onViolation?.({ where, event, tag }));
  }

  /** @internal */
  get _journalSource(): JournalSource {
    const kinds = [...this.#kinds.values()];
    return { ref: this.ref, clock: this.timers.clock, table: this.#table, kinds, machine: managerMachine };
  }

  /** @internal A second loss while the jobs of the first are being ended begins again: both settle together. */
  _lineLost(): void {
    this.timers.cancel(this.#settling);
    this.timers.cancel(this.#pause);
    this.#settle(0, this.#table.nextSeq);
  }

  /** @internal */
  _holdOff(busyInARow: number): void {
    const pause = backoff(busyInARow, durations.busyFirst, durations.busyLast, this.#random);
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
      this.#runner.endSilent(entry, hasFailed ? event.error : new Error(`the chart of ${entry.kind.name} is done without callback`));
    return { type: 'job_done', job: entry.ref } satisfies ManagerEvent;
  }

  /**
   * A slot of a job that had given up by then: an observer ended it in the middle of the transition in which it asked, so what it
   * asked for came here behind its end.
   */
  #giveBack(job: JobRef, { type, permit }: { type: 'send' | 'execute'; permit: number }): void {
    const completion = { ok: false, error: undefined, known: 'not-sent' } as const;
    this.ref.send({ type: `${type}_done`, job, permit, completion } satisfies ManagerEvent);
  }

  /** Tells the jobs that were there when the line was lost, a batch at a time; `before` is the number of the first that wasn't. */
  #settle(from: number, before: number): void {
    const { entries, next } = this.#table.slice(from, SETTLE_BATCH);
    for (const entry of entries) if (entry.ref.seq < before) entry.actor?.send({ type: 'line_lost' } satisfies JobEvent);
    if (next >= 0) {
      this.#settling = this.timers.start(0, () => this.#runner.outbox.around(() => this.#settle(next, before)));
      return;
    }
    this.ref.send({ type: 'settled' } satisfies ManagerEvent);
    this.#runner.observe(() => this.#options.onSettled?.());
  }

  /** The last of a kill: jobs that were in the middle of a transition, or whose add still waits, end all the same. */
  #endAll(reason: unknown): void {
    for (const entry of this.#table.all()) {
      this.#runner.call(entry, { type: 'cancelled', reason, known: entry.actor === undefined ? 'not-sent' : 'perhaps-executed' });
      this._bury(entry.ref);
      if (entry.actor?.getSnapshot().status === 'active') this.#stopChild(entry.actor);
    }
    if (this.#isActive) this.ref.send({ type: 'kill' } satisfies ManagerEvent);
  }

  /** An event for a manager that has closed. What is completed after a kill, or was of an earlier line, is only late. */
  #sendClosed(event: ManagerEvent): void {
    if (event.type === 'line_lost') return this.#runner.observe(() => this.#options.onSettled?.());
    const isCompletion = event.type === 'execute_done' || event.type === 'park' || event.type === 'unpark';
    if (isCompletion ? isExecuting(this.#context, event) : event.type === 'send_done' && wasRevoked(this.#context, event)) return;
    if (isCompletion || completions.has(event.type)) this._report('manager', event.type, (event as Partial<OfPermit>).job);
  }

  /** The clock is read for what comes from outside, and when a handler has returned. What operations tell at once happens at the same time. */
  #tick(journal: Journal, hasWorked: boolean): void {
    if (hasWorked || !this.#runner.outbox.isRunning) journal.tick();
  }

  /** Puts the add to the chart; its answer is here at once, unless an observer added in the middle of a transition. */
  #offer(entry: JobEntry): Refusal | 'STOPPED' | undefined {
    if (this.#killed || !this.#isActive) {
      this.#table.free(entry);
      return 'STOPPED';
    }
    const tagInUse = entry.kind.ownsTag && this.#tags.has(entry.tag);
    if (entry.kind.ownsTag && !tagInUse) this.#tags.set(entry.tag, entry.ref.index);
    const { outbox } = this.#runner;
    outbox.hold();
    try {
      this.ref.send({ type: 'add', job: entry.ref, answers: entry.answers, tagInUse } satisfies ManagerEvent);
    } finally {
      outbox.release();
    }
    entry.offered = true;
    return entry.decision === 'admitted' ? undefined : entry.decision;
  }

  #runnerHost(): RunnerHost {
    const owner = this;
    return {
      ref: this.ref,
      table: this.#table,
      timers: this.timers,
      options: this.#options,
      get isKilled() {
        return owner.#killed;
      },
      get isActive() {
        return owner.#isActive;
      },
      get context() {
        return owner.#context;
      },
      get journal() {
        return owner._journal;
      },
      send: (event) => this.send(event),
      report: (where, event, job) => this._report(where, event, job),
      stopChild: this.#stopChild,
    };
  }

  /** The job that has that tag of ours. */
  #byTag(tag: string): JobRef | undefined {
    const index = this.#tags.get(tag);
    return index === undefined ? undefined : this.#table.at(index)?.ref;
  }

  get #isActive(): boolean {
    return this.ref.getSnapshot().status === 'active';
  }

  get #context(): ManagerContext {
    return (this.ref.getSnapshot() as SnapshotFrom<ManagerChart>).context;
  }
}
