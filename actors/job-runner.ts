import type { AnyActorRef, AnyStateMachine } from 'xstate';
import type { Completion, Grant, JobContext, JobEvent, JobRef, Outcome, SendCompletion, SlotName } from '../machines/job.ts';
import type { ManagerEvent } from '../machines/manager.ts';
import type { ManagerContext } from '../machines/manager-context.ts';
import { isExecuting, isSending } from '../machines/slots.ts';
import type { Timers } from '../transport/timers.ts';
import { compiled } from './compiled.ts';
import { handedInput } from './job-actors.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { Journal } from './journal.ts';
import type { Execution, Kind, Sending } from './kinds.ts';
import type { ManagerOptions } from './manager-options.ts';
import { Outbox } from './outbox.ts';
import { endError } from './outcomes.ts';
import { isThenable } from './schema.ts';
import { watched } from './watched-chart.ts';

/** What a runner needs of its manager. */
export interface RunnerHost {
  readonly ref: AnyActorRef;
  readonly table: JobTable;
  readonly timers: Timers;
  readonly options: ManagerOptions;
  readonly isKilled: boolean;
  readonly isActive: boolean;
  readonly context: ManagerContext;
  /** What is written down, while anybody wants it. */
  readonly journal: Journal | undefined;
  /** Takes an event of the manager's user, and runs what it leads to. */
  send(event: ManagerEvent): void;
  report(where: string, event: string, job: JobRef | undefined): void;
  stopChild(actor: AnyActorRef): void;
}

/** By the actors of their managers: the parents of all jobs. */
const runners = new WeakMap<AnyActorRef, JobRunner>();

interface Logic {
  readonly interpreted: AnyStateMachine;
  readonly tables: AnyStateMachine;
}

const logics = new WeakMap<Kind, Logic>();

/** A kind's chart, at work: made once for all managers. */
export function logicOf(kind: Kind, interprets: boolean): AnyStateMachine {
  let logic = logics.get(kind);
  if (logic === undefined) {
    const interpreted = watched(provided(kind));
    logics.set(kind, (logic = { interpreted, tables: handedInput(compiled(interpreted)) }));
  }
  return interprets ? logic.interpreted : logic.tables;
}

function provided(kind: Kind): AnyStateMachine {
  type Args = { self: AnyActorRef; context: JobContext };
  // A job of a manager that was killed in the middle of the job's own transition has no entry any more.
  const of =
    <P>(run: (runner: JobRunner, entry: JobEntry, params: P) => void) =>
    ({ self, context }: Args, params: P): void => {
      const runner = runnerOf(self);
      const entry = runner.host.table.get(context.job);
      if (entry !== undefined) run(runner, entry, params);
    };
  return kind.chart.provide({
    actions: {
      want: of<{ grant: Grant; permit?: number }>((runner, entry, { grant, permit }) => runner.want(entry, grant, permit)),
      release: of<{ permit: number }>((runner, { ref }, { permit }) => runner.tell({ type: 'release', job: ref, permit })),
      execute: of<{ permit: number }>((runner, entry, { permit }) =>
        runner.outbox.push(new GrantedOperation(runner, 'execute', entry, permit, undefined)),
      ),
      resume: of<{ permit: number }>((runner, entry, { permit }) => runner.resume(entry, permit)),
      send: of<{ permit: number; value: Completion | undefined }>((runner, entry, { permit, value }) =>
        runner.outbox.push(new GrantedOperation(runner, 'send', entry, permit, value)),
      ),
      callback: of<{ outcome: Outcome | undefined }>((runner, entry, { outcome }) => {
        if (entry.waits > 0) runner.abandon(entry);
        runner.outbox.push(() => runner.call(entry, outcome ?? { type: 'value', value: undefined, known: 'executed' }));
      }),
      abort: of<{ reason: unknown }>((runner, entry, { reason }) => {
        if (entry.waits > 0 || entry.kind.slots.includes('execute')) runner.abandon(entry);
        runner.abort(entry, reason as JobEvent);
      }),
      report: ({ self, context }: Args, { event }: { event: string }) => runnerOf(self).host.report(kind.name, event, context.job),
    },
  } as Parameters<AnyStateMachine['provide']>[0]);
}

function runnerOf(job: AnyActorRef): JobRunner {
  return runners.get((job as unknown as { _parent: AnyActorRef })._parent) as JobRunner;
}

/** What the jobs' charts ask for: slots of the manager, and operations of its user, which are run from the outbox. */
export class JobRunner {
  readonly outbox = new Outbox((error) => this.complain(error, 'operation', ''));
  readonly host: RunnerHost;

  constructor(host: RunnerHost) {
    this.host = host;
    runners.set(host.ref, this);
  }

  want(entry: JobEntry, grant: Grant, permit: number | undefined): void {
    const slot: SlotName = grant === 'send' ? 'send' : 'execute';
    if (!entry.kind.slots.includes(slot)) return this.host.report(entry.kind.name, `want ${slot}`, entry.ref);
    entry.waits++;
    this.tell({ type: 'want', job: entry.ref, grant, permit });
  }

  abandon(entry: JobEntry): void {
    entry.waits = 0;
    this.tell({ type: 'abandon', job: entry.ref });
  }

  tell(event: ManagerEvent): void {
    this.host.ref.send(event);
  }

  resume(entry: JobEntry, permit: number): void {
    const execution = new GrantedOperation(this, 'execute', entry, permit, undefined);
    this.outbox.push(() => {
      if (this.host.isKilled) return;
      this.attempt(
        () => entry.operations.resume?.(execution),
        (error) => this.complain(error, 'resume', entry.tag),
      );
    });
  }

  /** Tells a handler, or the peer, that nobody waits any more. */
  abort(entry: JobEntry, reason: JobEvent): void {
    this.outbox.push(() => {
      const error = endError(reason);
      entry.abortion ??= new AbortController();
      entry.abortion.abort(error);
      this.attempt(
        () => entry.operations.abort?.(error),
        (thrown) => this.complain(thrown, 'abort', entry.tag),
      );
    });
  }

  /** Runs a job's callback, if that has not been done. */
  call(entry: JobEntry, outcome: Outcome): void {
    if (entry.called) return;
    entry.called = true;
    this.host.journal?.end(entry, outcome);
    this.host.timers.cancel(entry.deadline);
    this.attempt(
      () => entry.operations.callback?.(outcome, entry.tag),
      (error) => this.complain(error, 'callback', entry.tag),
    );
    if (entry.actor?.getSnapshot().status !== 'active') return;
    // A parent that was stopped meanwhile can't be told that it is done.
    if (this.host.isActive) entry.actor.send(callbackDone);
    else this.host.stopChild(entry.actor);
  }

  /** Runs an operation; what it throws, or rejects with, goes to `failed`, once. */
  attempt(operation: () => unknown, failed: (error: unknown) => void): void {
    try {
      const result = operation();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.outbox.around(() => failed(error)));
    } catch (error) {
      failed(error);
    }
  }

  /** Tells of an error that nobody else is told of. */
  complain(error: unknown, operation: string, tag: string): void {
    this.observe(() => this.host.options.onError?.(error, operation, tag));
  }

  /** Tells somebody who only watches: what he throws is dropped, or it would have to be told to him. */
  observe(tell: () => void): void {
    this.outbox.push(() => {
      try {
        tell();
      } catch {
        // See ManagerOptions.
      }
    });
  }

  /** A chart is over and its callback was not run. */
  endSilent(entry: JobEntry, error: unknown): void {
    this.complain(error, 'chart', entry.tag);
    if (entry.kind.slots.includes('execute')) this.abort(entry, { type: 'cancel', reason: error });
    this.outbox.push(() => this.call(entry, { type: 'error', error, known: 'perhaps-executed' }));
  }
}

const callbackDone: JobEvent = Object.freeze({ type: 'callback_done' });

/** An operation whose slot was granted: it waits in the outbox for its turn, and is what the user's operation then works with. */
class GrantedOperation implements Execution, Sending {
  readonly value: Completion | undefined;
  readonly #runner: JobRunner;
  readonly #name: 'execute' | 'send';
  readonly #entry: JobEntry;
  readonly #permit: number;

  constructor(runner: JobRunner, name: 'execute' | 'send', entry: JobEntry, permit: number, value: Completion | undefined) {
    this.value = value;
    this.#runner = runner;
    this.#name = name;
    this.#entry = entry;
    this.#permit = permit;
  }

  get tag(): string {
    return this.#entry.tag;
  }

  get signal(): AbortSignal {
    return (this.#entry.abortion ??= new AbortController()).signal;
  }

  // Handed on by themselves, so bound.

  get done(): (completion: SendCompletion) => void {
    return (completion) => this.#complete(completion);
  }

  get park(): () => void {
    return () => this.#runner.host.send({ type: 'park', job: this.#entry.ref, permit: this.#permit });
  }

  get unpark(): () => void {
    return () => this.#runner.host.send({ type: 'unpark', job: this.#entry.ref, permit: this.#permit });
  }

  /** One that the job lacks has thereby completed; one that fails has failed. */
  run(): void {
    // The line was lost before its turn came: what was to be sent is of the old session, and must not reach the next.
    if (this.#runner.host.isKilled || !this.#isHeld()) return;
    const { operations } = this.#entry;
    if (operations[this.#name] === undefined) return this.#complete({ ok: true });
    this.#runner.attempt(
      () => operations[this.#name]?.(this),
      (error) => this.#failed(error),
    );
  }

  #isHeld(): boolean {
    const { context } = this.#runner.host;
    const of = { job: this.#entry.ref, permit: this.#permit };
    return this.#name === 'send' ? isSending(context, of) : isExecuting(context, of);
  }

  #failed(error: unknown): void {
    // It had completed before it failed: that is a second completion, which says nothing of the error.
    if (!this.#runner.host.isKilled && !this.#isHeld()) this.#runner.complain(error, this.#name, this.tag);
    this.#complete({ ok: false, error });
  }

  #complete(completion: SendCompletion): void {
    const { ref: job } = this.#entry;
    const permit = this.#permit;
    this.#runner.host.send(
      this.#name === 'send' ? { type: 'send_done', job, permit, completion } : { type: 'execute_done', job, permit, completion },
    );
  }
}
