import {
  createActor,
  initialTransition,
  transition,
  type AnyActor,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate';
import { compiled } from '../../actors/compiled.ts';
import { Comparison } from './same.ts';

/** All that is seen of a chart that runs, as it was handed out. */
export type Log = [what: string, ...seen: unknown[]][];

/** What the implementations of a chart write to, and take their fuel from. */
export interface Pen {
  log: Log;
  /** How much may be evaluated until something throws: so that a chart that never rests does. */
  fuel: number;
  /** How often an action may send its own actor an event. */
  pokes: number;
}

export const newPen = (): Pen => ({ log: [], fuel: 0, pokes: 0 });

/** What is done to both actors. An event may depend on what the interpreted one has come to. */
export type Step =
  | { readonly does: 'send'; readonly event: (now: AnyMachineSnapshot) => AnyEventObject }
  /** Persists it, and goes on with an actor that is restored from that. */
  | { readonly does: 'restore'; readonly asJson: boolean }
  | { readonly does: 'stop' };

export interface Subject {
  readonly chart: AnyStateMachine;
  readonly input?: unknown;
  /** What the chart's implementations write to. */
  readonly pen: Pen;
  /** Its assignments give whole contexts: of one that JSON has dropped fields from, tables put the fields in another order. */
  readonly setsWholes?: boolean;
  /** Whether inspectors watch it, who see each microstep; default true. */
  readonly isInspected?: boolean;
  /** What snapshots are asked for. */
  readonly asked: { readonly values: readonly unknown[]; readonly events: readonly AnyEventObject[]; readonly tags: readonly string[] };
}

/** Runs a chart by XState's interpreter and on tables, step by step, and compares all that can be seen. */
export function compareRuns(subject: Subject, steps: readonly Step[], tables = compiled(subject.chart)): void {
  if (tables === subject.chart) throw new Error('the chart was not compiled');
  const [interpreted, onTables] = [new Run(subject, subject.chart), new Run(subject, tables)];
  for (const step of [undefined, ...steps]) {
    const event = step?.does === 'send' && !interpreted.isOver ? step.event(interpreted.snapshot) : undefined;
    for (const run of [interpreted, onTables]) run.take(step, event);
  }
  const inOrder = subject.setsWholes !== true || !steps.some((step) => step.does === 'restore' && step.asJson);
  compareLogs(interpreted.log, onTables.log, inOrder);
}

/** The same with XState's pure functions, which run no actions and return them. */
export function comparePureRuns({ chart, input, pen }: Subject, steps: readonly Step[]): void {
  const machines = [chart, compiled(chart)] as const;
  const logs: readonly [Log, Log] = [[], []];
  let now: AnyMachineSnapshot | undefined;
  const both = (of: (machine: AnyStateMachine, before: AnyMachineSnapshot | undefined) => unknown): void => {
    const before = logs.map((log) => (log.at(-1)?.[1] as readonly AnyMachineSnapshot[] | undefined)?.[0]);
    for (const [i, machine] of machines.entries()) {
      const log = logs[i] as Log;
      Object.assign(pen, { log, fuel: FUEL, pokes: 0 });
      log.push(['result', attempt(() => of(machine, before[i]))]);
    }
    const result = logs[0].at(-1)?.[1];
    now = Array.isArray(result) ? (result[0] as AnyMachineSnapshot) : undefined;
  };
  both((machine) => initialTransition(machine, input as never));
  for (const step of steps) {
    // Over or not: it is asked as long as there is a snapshot. Any other step begins anew.
    if (now === undefined || step.does !== 'send') both((machine) => initialTransition(machine, input as never));
    else {
      const event = step.event(now);
      both((machine, before) => transition(machine, before as AnyMachineSnapshot, event));
    }
  }
  compareLogs(...logs, true);
}

function compareLogs(one: Log, other: Log, inOrder: boolean): void {
  const comparison = new Comparison({ inOrder });
  for (let i = 0; i < Math.max(one.length, other.length); i++) comparison.check(one[i], other[i], `${i} ${one[i]?.[0] ?? 'end'}`);
}

const FUEL = 60;

class Run {
  readonly log: Log = [];
  readonly #subject: Subject;
  readonly #machine: AnyStateMachine;
  #actor!: AnyActor;
  #asked: unknown;
  #isRestored = false;

  constructor(subject: Subject, machine: AnyStateMachine) {
    this.#subject = subject;
    this.#machine = machine;
  }

  get snapshot(): AnyMachineSnapshot {
    return this.#actor.getSnapshot() as AnyMachineSnapshot;
  }

  /** One that was restored after its end is sent an event all the same. */
  get isOver(): boolean {
    return this.snapshot.status !== 'active' && !this.#isRestored;
  }

  /** Does one step, and looks at all there is. One whose actor is over begins anew. */
  take(step: Step | undefined, event: AnyEventObject | undefined): void {
    Object.assign(this.#subject.pen, { log: this.log, fuel: FUEL, pokes: 3 });
    this.log.push(['step', step?.does]);
    if (step === undefined || (step.does === 'send' && event === undefined)) this.#start(undefined);
    else if (step.does === 'send') this.#actor.send(event as AnyEventObject);
    else if (step.does === 'stop') this.#actor.stop();
    else {
      const persisted = this.#actor.getPersistedSnapshot();
      this.#start(step.asJson ? JSON.parse(JSON.stringify(persisted)) : persisted);
    }
    this.#isRestored = step?.does === 'restore';
    this.#look();
  }

  #start(snapshot: unknown): void {
    const { input, isInspected } = this.#subject;
    const inspect = isInspected === false ? undefined : (event: unknown): void => void this.log.push(['inspected', event]);
    this.#actor = createActor(this.#machine, { input, inspect, ...(snapshot === undefined ? undefined : { snapshot }) } as never);
    this.log.push(['made', this.#actor.getSnapshot()]);
    this.#actor.subscribe({
      next: (next) => void this.log.push(['next', next]),
      error: (error) => void this.log.push(['error', error]),
      complete: () => void this.log.push(['complete']),
    });
    this.#actor.start();
  }

  #look(): void {
    const { snapshot } = this;
    this.log.push(['snapshot', snapshot]);
    if (snapshot === this.#asked) return;
    this.#asked = snapshot;
    this.log.push(['persisted', this.#actor.getPersistedSnapshot()], ['JSON', JSON.parse(JSON.stringify(snapshot))]);
    // After an error it has no methods any more.
    if (!('matches' in snapshot)) return;
    const { values, events, tags } = this.#subject.asked;
    this.log.push(['meta', snapshot.getMeta()], ['own keys', Object.keys(snapshot)], ['tags', ...snapshot.tags]);
    this.log.push(['matches', ...values.map((value) => snapshot.matches(value as never))]);
    this.log.push(['has tags', ...tags.map((tag) => snapshot.hasTag(tag))]);
    this.#subject.pen.fuel = FUEL;
    this.log.push(['can', ...events.map((event) => attempt(() => snapshot.can(event)))]);
  }
}

function attempt<T>(what: () => T): T | { readonly thrown: unknown } {
  try {
    return what();
  } catch (thrown) {
    return { thrown };
  }
}
