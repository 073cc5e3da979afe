import type { AnyActorRef, AnyStateMachine } from 'xstate';
import type { Completion, Grant, JobContext, JobEvent, JobRef, Outcome, SendCompletion, SlotName } from '../machines/job.ts';
import type { ManagerEvent } from '../machines/manager.ts';
import { isExecuting, isSending, type ManagerContext } from '../machines/slots.ts';
import type { Timers } from '../transport/timers.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { Execution, Kind, Sending } from './kinds.ts';
import type { ManagerOptions } from './manager-options.ts';
import { Outbox } from './outbox.ts';
import { endError } from './outcomes.ts';

/** What a runner needs of its manager. */
export interface RunnerHost {
  readonly ref: AnyActorRef;
  readonly table: JobTable;
  readonly timers: Timers;
  readonly options: ManagerOptions;
  readonly isKilled: boolean;
  readonly isActive: boolean;
  readonly context: ManagerContext;
  /** Takes an event of the manager's user, and runs what it leads to. */
  send(event: ManagerEvent): void;
  report(where: string, event: string, job: JobRef | undefined): void;
  stopChild(actor: AnyActorRef): void;
}

/** What the jobs' charts ask for: slots of the manager, and operations of its user, which are run from the outbox. */
export class JobRunner {
  readonly outbox = new Outbox((error) => this.complain(error, 'operation', ''));
  readonly #host: RunnerHost;

  constructor(host: RunnerHost) {
    this.#host = host;
  }

  /** A kind's chart, at work. */
  logicOf(kind: Kind): AnyStateMachine {
    type Args = { context: JobContext };
    // A job of a manager that was killed in the middle of the job's own transition has no entry any more.
    const of =
      <P>(run: (entry: JobEntry, params: P) => void) =>
      ({ context }: Args, params: P): void => {
        const entry = this.#host.table.get(context.job);
        if (entry !== undefined) run(entry, params);
      };
    return kind.chart.provide({
      actions: {
        want: of<{ grant: Grant; permit?: number }>((entry, params) => this.#want(entry, params.grant, params.permit)),
        release: of<{ permit: number }>((entry, { permit }) =>
          this.#host.ref.send({ type: 'release', job: entry.ref, permit } satisfies ManagerEvent),
        ),
        execute: of<{ permit: number }>((entry, { permit }) => this.#execute(entry, permit)),
        resume: of<{ permit: number }>((entry, { permit }) => this.#resume(entry, permit)),
        send: of<{ permit: number; value: Completion | undefined }>((entry, { permit, value }) => this.#sendJob(entry, permit, value)),
        callback: of<{ outcome: Outcome | undefined }>((entry, { outcome }) => {
          if (entry.waits > 0) this.#abandon(entry);
          this.outbox.push(() => this.call(entry, outcome ?? { type: 'value', value: undefined, known: 'executed' }));
        }),
        abort: of<{ reason: unknown }>((entry, { reason }) => {
          if (entry.waits > 0 || entry.kind.slots.includes('execute')) this.#abandon(entry);
          this.abort(entry, reason as JobEvent);
        }),
        report: ({ context }: Args, { event }: { event: string }) => this.#host.report(kind.name, event, context.job),
      },
    } as Parameters<AnyStateMachine['provide']>[0]);
  }

  #want(entry: JobEntry, grant: Grant, permit: number | undefined): void {
    const slot: SlotName = grant === 'send' ? 'send' : 'execute';
    if (!entry.kind.slots.includes(slot)) return this.#host.report(entry.kind.name, `want ${slot}`, entry.ref);
    entry.waits++;
    this.#host.ref.send({ type: 'want', job: entry.ref, grant, ...(permit === undefined ? undefined : { permit }) } satisfies ManagerEvent);
  }

  #abandon(entry: JobEntry): void {
    entry.waits = 0;
    this.#host.ref.send({ type: 'abandon', job: entry.ref } satisfies ManagerEvent);
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
        (error) => this.complain(error, 'resume', entry.tag),
      ),
    );
  }

  #sendJob(entry: JobEntry, permit: number, value: Completion | undefined): void {
    const { ref: job, tag } = entry;
    const done = (completion: SendCompletion): void => this.#host.send({ type: 'send_done', job, permit, completion });
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
    const isHeld = (): boolean => (name === 'send' ? isSending : isExecuting)(this.#host.context, of);
    this.#run(() => {
      // The line was lost before its turn came: what was to be sent is of the old session, and must not reach the next.
      if (!isHeld()) return;
      if (entry.operations[name] === undefined) return done({ ok: true });
      this.#attempt(operation, (error) => {
        // It had completed before it failed: that is a second completion, which says nothing of the error.
        if (!this.#host.isKilled && !isHeld()) this.complain(error, name, entry.tag);
        done({ ok: false, error });
      });
    });
  }

  /** Tells a handler, or the peer, that nobody waits any more. */
  abort(entry: JobEntry, reason: JobEvent): void {
    this.outbox.push(() => {
      const error = endError(reason);
      entry.abortion ??= new AbortController();
      entry.abortion.abort(error);
      this.#attempt(
        () => entry.operations.abort?.(error),
        (thrown) => this.complain(thrown, 'abort', entry.tag),
      );
    });
  }

  /** Runs a job's callback, if that has not been done. */
  call(entry: JobEntry, outcome: Outcome): void {
    if (entry.called) return;
    entry.called = true;
    this.#host.timers.cancel(entry.deadline);
    this.#attempt(
      () => entry.operations.callback?.(outcome, entry.tag),
      (error) => this.complain(error, 'callback', entry.tag),
    );
    if (entry.actor?.getSnapshot().status !== 'active') return;
    // A parent that was stopped meanwhile can't be told that it is done.
    if (this.#host.isActive) entry.actor.send({ type: 'callback_done' } satisfies JobEvent);
    else this.#host.stopChild(entry.actor);
  }

  #executionOf(entry: JobEntry, permit: number): Execution {
    const { ref: job, tag } = entry;
    return {
      tag,
      get signal() {
        return (entry.abortion ??= new AbortController()).signal;
      },
      done: (completion) => this.#host.send({ type: 'execute_done', job, permit, completion }),
      park: () => this.#host.send({ type: 'park', job, permit }),
      unpark: () => this.#host.send({ type: 'unpark', job, permit }),
    };
  }

  /** Has an operation run, if nobody kills the manager first. */
  #run(operation: () => void): void {
    this.outbox.push(() => {
      if (!this.#host.isKilled) operation();
    });
  }

  /** Runs an operation; what it throws, or rejects with, goes to `failed`, once. */
  #attempt(operation: () => unknown, failed: (error: unknown) => void): void {
    try {
      const result = operation();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.outbox.hold(() => failed(error)));
    } catch (error) {
      failed(error);
    }
  }

  /** Tells of an error that nobody else is told of. */
  complain(error: unknown, operation: string, tag: string): void {
    this.observe(() => this.#host.options.onError?.(error, operation, tag));
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
