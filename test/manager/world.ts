import { SimulatedClock, type AnyActorRef, type InspectionEvent } from 'xstate';
import type { Execution, Operations, Sending } from '../../actors/kinds.ts';
import type { AddOptions, Job, Manager } from '../../actors/manager.ts';
import { createManager, type CreateManagerOptions } from '../../actors/manager-logic.ts';
import type { Violation } from '../../actors/manager-options.ts';
import type { Completion, Outcome, SendCompletion } from '../../machines/job.ts';

type Extra = Partial<Omit<AddOptions, 'tag' | 'operations'>> & { readonly operations?: Operations };

/**
 * A manager with a stepped clock whose user does nothing by himself: each operation is written down, and completed by
 * the test. What a test wants done inside an operation it arms with `inside`.
 */
export class World {
  readonly clock = new SimulatedClock();
  readonly manager: Manager;
  /** Each operation that was asked for: `execute a`, `send a`, `resume a`, `abort a CANCELLED`, `callback a value/executed`. */
  readonly log: string[] = [];
  readonly violations: Violation[] = [];
  readonly errors: { readonly error: unknown; readonly operation: string; readonly tag: string }[] = [];
  settled = 0;
  readonly #jobs = new Map<string, Job>();
  readonly #executions = new Map<string, Execution>();
  readonly #sendings = new Map<string, Sending>();
  /** Operations that the test has not completed, by their first words. */
  readonly #open = new Set<string>();
  readonly #outcomes = new Map<string, Outcome[]>();
  readonly #inside = new Map<string, (() => unknown)[]>();
  readonly #actors = new Set<AnyActorRef>();

  constructor(options: CreateManagerOptions = {}) {
    this.manager = createManager({
      clock: this.clock,
      random: () => 0,
      onViolation: (violation) => this.violations.push(violation),
      onError: (error, operation, tag) => this.errors.push({ error, operation, tag }),
      onSettled: () => this.settled++,
      inspect: (event) => this.#inspect(event),
      ...options,
    });
  }

  /** Adds a job whose operations are written down; those given are run as well. */
  add(kind: string, tag: string, extra: Extra = {}): Job {
    const added = this.manager.add(kind, { tag, ...extra, operations: this.#operations(tag, extra.operations ?? {}) });
    if (!added.ok) throw added.error;
    this.#jobs.set(tag, added.job);
    return added.job;
  }

  /** Adds a job that is to be refused: its error's code. */
  refused(kind: string, tag: string, extra: Extra = {}): string {
    const added = this.manager.add(kind, { tag, ...extra, operations: this.#operations(tag, extra.operations ?? {}) });
    if (!added.ok) return added.error.code;
    this.#jobs.set(tag, added.job);
    return 'taken';
  }

  server(tag: string, extra: Extra = {}): Job {
    return this.add('server', tag, extra);
  }

  client(tag: string, extra: Extra = {}): Job {
    return this.add('client', tag, extra);
  }

  job(tag: string): Job {
    return found(this.#jobs, tag);
  }

  execution(tag: string): Execution {
    return found(this.#executions, tag);
  }

  sending(tag: string): Sending {
    return found(this.#sendings, tag);
  }

  executed(tag: string, completion: Completion = { ok: true, value: `${tag}!` }): void {
    this.#open.delete(`execute ${tag}`);
    this.execution(tag).done(completion);
  }

  sent(tag: string, completion: SendCompletion = { ok: true }): void {
    this.#open.delete(`send ${tag}`);
    this.sending(tag).done(completion);
  }

  read(tag: string, response: Completion = { ok: true, value: `${tag}?` }, busy = false): void {
    // Inside the first operation of an add its handle is not there yet.
    const job = this.#jobs.get(tag);
    if (job === undefined) this.manager.readDone(tag, response, busy);
    else job.readDone(response, busy);
  }

  /** Completes every operation that is open, and those that follow, and answers what was sent. */
  finish(): void {
    for (let next = [...this.#open][0]; next !== undefined; next = [...this.#open][0]) {
      const [operation, tag] = next.split(' ') as [string, string];
      if (operation === 'execute') this.executed(tag);
      else {
        this.sent(tag);
        if (this.outcome(tag) === 'running' && this.job(tag).ref.class === 'client') this.read(tag);
      }
    }
  }

  /** The one outcome of a job, as `type/known`; `running` while it has none. */
  outcome(tag: string): string {
    const outcomes = this.#outcomes.get(tag) ?? [];
    if (outcomes.length > 1) throw new Error(`${tag} was called back ${outcomes.length} times`);
    return outcomes[0] === undefined ? 'running' : wordOf(outcomes[0]);
  }

  /** All that a job's callback was given. */
  outcomeOf(tag: string): Outcome | undefined {
    return this.#outcomes.get(tag)?.[0];
  }

  /** Has something done inside the next operation of that name: `inside('execute a', …)`. */
  inside(operation: string, act: () => unknown): void {
    this.#inside.set(operation, [...(this.#inside.get(operation) ?? []), act]);
  }

  /** The operations since the last look. */
  news(): string[] {
    return this.log.splice(0);
  }

  /** Lets time pass, also for what is due at once. */
  step(ms = 0): void {
    this.clock.increment(ms);
  }

  /** Lets time pass until no timer is due at once: a lost line's batches. */
  settle(): void {
    for (let i = 0; i < 1000 && this.#hostTimers > 0; i++) this.clock.increment(0);
  }

  /** Job actors that have not ended. */
  get actors(): string[] {
    for (const ref of this.#actors) if (ref.getSnapshot().status !== 'active') this.#actors.delete(ref);
    return [...this.#actors].map(({ id }) => id);
  }

  /** The slots that are taken: `send/execute/parked`. */
  get taken(): string {
    const { send, execute } = this.manager.slots;
    return `${send.taken}/${execute.taken}/${execute.parked}`;
  }

  /** What is left of jobs: nothing, once all have ended. */
  get left(): Record<string, unknown> {
    const { slots, jobs, timers } = this.manager;
    const { send, execute, server, client } = slots;
    return {
      sending: send.taken,
      executing: execute.taken,
      parked: execute.parked,
      waiting: send.waiting + execute.waiting,
      server,
      client,
      jobs,
      timers: timers.size,
      hostTimers: this.#hostTimers,
      actors: this.actors,
    };
  }

  get #hostTimers(): number {
    return (this.clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size;
  }

  #operations(tag: string, given: Operations): Operations {
    const note = (what: string): unknown[] => {
      this.log.push(what);
      const acts = this.#inside.get(what) ?? [];
      this.#inside.delete(what);
      return acts.map((act) => act());
    };
    return {
      execute: (execution) => {
        this.#executions.set(tag, execution);
        this.#open.add(`execute ${tag}`);
        const [result] = note(`execute ${tag}`);
        return given.execute?.(execution) ?? result;
      },
      resume: (execution) => {
        note(`resume ${tag}`);
        given.resume?.(execution);
      },
      send: (sending) => {
        this.#sendings.set(tag, sending);
        this.#open.add(`send ${tag}`);
        const [result] = note(`send ${tag}`);
        return given.send?.(sending) ?? result;
      },
      abort: (reason) => {
        note(`abort ${tag}`);
        return given.abort?.(reason);
      },
      callback: (outcome) => {
        this.#outcomes.set(tag, [...(this.#outcomes.get(tag) ?? []), outcome]);
        const [result] = note(`callback ${tag}`);
        return (given.callback?.(outcome, tag) as unknown) ?? result;
      },
    };
  }

  #inspect(event: InspectionEvent): void {
    const ref = event.actorRef as AnyActorRef & { readonly _parent?: unknown };
    if (event.type === '@xstate.actor' && ref._parent !== undefined) this.#actors.add(ref);
  }
}

/** What {@link World.left} says when nothing is. */
export const nothingLeft = {
  sending: 0,
  executing: 0,
  parked: 0,
  waiting: 0,
  server: { count: 0, bytes: 0 },
  client: { count: 0, bytes: 0 },
  jobs: 0,
  timers: 0,
  hostTimers: 0,
  actors: [],
};

export function wordOf(outcome: Outcome): string {
  return `${outcome.type}/${outcome.known}`;
}

function found<T>(map: Map<string, T>, tag: string): T {
  const one = map.get(tag);
  if (one === undefined) throw new Error(`there is no ${tag}`);
  return one;
}
