import type { AnyActorRef, AnyStateMachine } from 'xstate';
import type { JobContext, JobRef, KnownOfPeer, Outcome } from '../machines/job.ts';
import type { Clock } from '../transport/timers.ts';
import { edgesOf, type ChartEdge, type StateNode } from './chart-edges.ts';
import { detached } from './detached.ts';
import { begunCode, endedCode, JournalRing } from './journal-ring.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { Kind } from './kinds.ts';
import { outcomeCode } from './outcomes.ts';
import { ownMachines, partsOf, peerOfPart, type OwnName } from './own-charts.ts';

/** Where a machine that is run says which chart it is: two kinds of job may have the same. */
export const chartKey = Symbol('chart');

/** A chart of a journal. */
export interface JournalChart {
  /** Of a job its kind's name; else the name of one of the agent's own parts. */
  readonly name: string;
  readonly isJob: boolean;
  readonly machine: AnyStateMachine;
  readonly edges: readonly ChartEdge[];
  /** The number of its first edge: edges are counted through all charts. */
  readonly firstEdge: number;
}

/** What a journal needs of its manager. */
export interface JournalSource {
  readonly ref: AnyActorRef;
  readonly clock: Clock;
  readonly table: JobTable;
  /** Its kinds, each with the chart that is run. */
  readonly kinds: readonly { readonly kind: Kind; readonly logic: AnyStateMachine }[];
  readonly machine: AnyStateMachine;
}

export const outcomeTypes = ['value', 'error', 'cancelled', 'timed-out', 'line-lost', 'send-failed'] as const satisfies Outcome['type'][];
export const knownOfPeer = ['not-sent', 'refused', 'perhaps-executed', 'executed'] as const satisfies KnownOfPeer[];

const outcomeNumbers = numbersOf(outcomeTypes);
const knownNumbers = numbersOf(knownOfPeer);

function numbersOf<Word extends string>(words: readonly Word[]): Readonly<Record<Word, number>> {
  return Object.fromEntries(words.map((word, number) => [word, number])) as Record<Word, number>;
}

/** Characters of a tag or a method that are kept. Protocols take shorter ones. */
const LONGEST_TEXT = 128;
/** Methods that are kept once for all jobs that have them. */
const MOST_METHODS = 1024;
/** The manager's number; the other parts of the agent follow below it. */
const MANAGER = -1;

/**
 * What has happened to the jobs of a manager, written down by what runs them: a count for each edge of each chart, exact and for ever, and the
 * latest steps in a ring. Writing a step allocates nothing, waits for nothing and can't fail.
 */
export class Journal {
  readonly charts: readonly JournalChart[];
  readonly ring: JournalRing;
  /** How often each edge was taken. */
  readonly counts: Float64Array;
  /** How many stood in each state when it began, by chart and path. */
  readonly standing: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** What was `Date.now()` when it began. */
  readonly epoch: number;
  readonly source: JournalSource;
  /** By how many it is kept. */
  holders = 0;
  readonly #began: number;
  #now = 0;
  readonly #bases: Map<object, number>;
  readonly #kinds: Map<Kind, number>;
  readonly #manager: JournalChart;
  /** Of an edge of the manager's: whether it leads to another state. The others are counted, and are no steps. */
  readonly #isMove: readonly boolean[];
  readonly #numbers = new Map<AnyActorRef, number>();
  readonly #methods = new Map<string, string>();
  /** The chart of the job that took the last step. */
  #chart: object | undefined;
  #base = -1;

  /** @param size - how many entries the ring holds, at least. */
  constructor(source: JournalSource, size: number) {
    this.source = source;
    this.epoch = Date.now();
    this.#began = source.clock.now();
    this.charts = chartsOf(source);
    this.#bases = new Map(source.kinds.map(({ logic }, at) => [keyOf(logic), (this.charts[at] as JournalChart).firstEdge]));
    this.#kinds = new Map(source.kinds.map(({ kind }, at) => [kind, at]));
    const last = this.charts.at(-1) as JournalChart;
    this.counts = new Float64Array(last.firstEdge + last.edges.length);
    this.ring = new JournalRing(size, source.table.nextSeq - 1);
    this.#manager = this.charts[source.kinds.length] as JournalChart;
    this.#isMove = this.#manager.edges.map(({ from, to }) => from !== to);
    this.standing = this.#standing();
  }

  /** The agent's own parts that run or have run: the manager, and those of the peer that it is of, if it is of one. */
  get parts(): readonly { readonly name: string; readonly ref: AnyActorRef; readonly number: number }[] {
    const { ref } = this.source;
    return [{ name: 'manager', ref }, ...partsOf(peerRefOf(ref))].map((part) => ({ ...part, number: this.#numberOf(part.ref) }));
  }

  /** Milliseconds since it began, as the clock was read last. */
  get now(): number {
    return this.#now;
  }

  /** Reads the clock: what is written from now on happens now. */
  tick(): void {
    this.#now = this.source.clock.now() - this.#began;
  }

  /** A job's actor is about to be made. */
  begin(entry: JobEntry): void {
    this.#introduce(entry, false);
  }

  jobStep(chart: object, job: JobRef, edge: number): void {
    const base = chart === this.#chart ? this.#base : this.#baseOf(chart);
    if (base < 0) return;
    const { counts, ring } = this;
    const { seq } = job;
    const number = base + edge;
    if (seq <= ring.lostUpTo) this.#introduceAgain(job);
    counts[number] = (counts[number] as number) + 1;
    ring.write(this.#now, seq, number);
  }

  managerStep(edge: number): void {
    const number = this.#manager.firstEdge + edge;
    this.counts[number] = (this.counts[number] as number) + 1;
    if (this.#isMove[edge] === true) this.ring.write(this.#now, MANAGER, number);
  }

  /** A step of a part of the peer's. */
  partStep(ref: AnyActorRef, name: OwnName, edge: number): void {
    const chart = this.charts.find((one) => !one.isJob && one.name === name);
    if (chart === undefined) return;
    this.tick();
    const number = chart.firstEdge + edge;
    this.counts[number] = (this.counts[number] as number) + 1;
    this.ring.write(this.#now, this.#numberOf(ref), number);
  }

  /** A job has its outcome: its callback is about to be run. One that never had an actor was no job. */
  end({ actor, ref }: JobEntry, outcome: Outcome): void {
    if (actor === undefined) return;
    const isLast = actor.getSnapshot().status !== 'active';
    const code = endedCode(outcomeNumbers[outcome.type], knownNumbers[outcome.known], isLast);
    const at = this.ring.write(this.#now, ref.seq, code);
    this.ring.words[at] = outcomeCode(outcome);
  }

  #introduce({ ref, kind, tag, method }: JobEntry, again: boolean): void {
    const { ring } = this;
    const at = ring.write(this.#now, ref.seq, begunCode(this.#kinds.get(kind) ?? 0, ref.urgency, again));
    ring.bytes[at] = ref.bytes;
    // A kind whose jobs have no tag has its name there.
    ring.tags[at] = tag === kind.name ? '' : short(tag);
    ring.words[at] = method === undefined ? undefined : this.#methodOf(method);
  }

  /** Its beginning has been overwritten: whoever reads its steps later finds it before them. */
  #introduceAgain(job: JobRef): void {
    const entry = this.source.table.get(job);
    if (entry !== undefined) this.#introduce(entry, true);
  }

  #methodOf(method: string): string {
    const known = this.#methods.get(method);
    if (known !== undefined) return known;
    // The other side names what it likes.
    if (this.#methods.size >= MOST_METHODS) this.#methods.clear();
    const kept = short(method);
    if (kept === method) this.#methods.set(kept, kept);
    return kept;
  }

  #baseOf(chart: object): number {
    this.#chart = chart;
    return (this.#base = this.#bases.get(chart) ?? -1);
  }

  #numberOf(ref: AnyActorRef): number {
    const known = this.#numbers.get(ref);
    if (known !== undefined) return known;
    const number = MANAGER - this.#numbers.size;
    this.#numbers.set(ref, number);
    return number;
  }

  #standing(): Map<string, Map<string, number>> {
    const standing = new Map<string, Map<string, number>>();
    const add = (chart: string, ref: AnyActorRef | undefined): void => {
      const state = ref === undefined ? undefined : stateOf(ref);
      if (state === undefined) return;
      const states = standing.get(chart) ?? new Map<string, number>();
      standing.set(chart, states.set(state, (states.get(state) ?? 0) + 1));
    };
    for (const { kind, actor } of this.source.table.all()) add(kind.name, actor);
    for (const { name, ref } of this.parts) add(name, ref);
    return standing;
  }
}

/** Those of the jobs, in the order of their kinds; the manager's; those of a peer's parts. */
function chartsOf({ kinds, machine, ref }: JournalSource): JournalChart[] {
  const charts: JournalChart[] = [];
  const add = (name: string, isJob: boolean, one: AnyStateMachine): void => {
    const before = charts.at(-1);
    const firstEdge = before === undefined ? 0 : before.firstEdge + before.edges.length;
    charts.push({ name, isJob, machine: one, edges: edgesOf(one), firstEdge });
  };
  for (const { kind } of kinds) add(kind.name, true, kind.chart);
  add('manager', false, machine);
  if (partsOf(peerRefOf(ref)).length > 0) for (const [name, one] of Object.entries(ownMachines)) add(name, false, one);
  return charts;
}

/** The path of the state in which an actor stands, or stood when it ended; undefined if it runs no chart. */
export function stateOf(ref: AnyActorRef): string | undefined {
  const { _nodes: nodes = [] } = ref.getSnapshot() as { _nodes?: readonly StateNode[] };
  return nodes.find(({ type }) => type === 'atomic' || type === 'final')?.path.join('.');
}

function peerRefOf(manager: AnyActorRef): AnyActorRef | undefined {
  return parentOf(manager);
}

function parentOf(ref: AnyActorRef): AnyActorRef | undefined {
  return (ref as unknown as { readonly _parent: AnyActorRef | undefined })._parent;
}

function keyOf(logic: AnyStateMachine): object {
  return (logic as { [chartKey]?: object })[chartKey] ?? logic;
}

/** A text that keeps nothing alive but itself. */
function short(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${detached(text, LONGEST_TEXT - 1)}…`;
}

// Which journals are kept, and how what runs a chart finds the one to write to.

/** What a journal is attached to. */
export interface JournalHost {
  _journal: Journal | undefined;
  readonly _journalSource: JournalSource;
}

/** By the actors of their managers, and of the peers that have these. */
const journals = new WeakMap<AnyActorRef, Journal>();
let kept = 0;
/** The last that was looked for, and what was found: mostly one manager takes many steps. */
let lastOwner: AnyActorRef | undefined;
let lastJournal: Journal | undefined;

/** Whether any journal is kept in this process: what runs charts asks nothing else while none is. */
export function isJournalling(): boolean {
  return kept > 0;
}

/** The journal of a manager, until {@link releaseJournal}: one for all that want it, as large as the first wanted it. */
export function keepJournal(host: JournalHost, size: number): Journal {
  const journal = (host._journal ??= new Journal(host._journalSource, size));
  if (journal.holders++ > 0) return journal;
  kept++;
  forgetLast();
  for (const owner of ownersOf(journal)) journals.set(owner, journal);
  return journal;
}

export function releaseJournal(host: JournalHost): void {
  const journal = host._journal;
  if (journal === undefined || --journal.holders > 0) return;
  kept--;
  forgetLast();
  host._journal = undefined;
  for (const owner of ownersOf(journal)) journals.delete(owner);
}

function ownersOf({ source: { ref } }: Journal): AnyActorRef[] {
  const peer = peerRefOf(ref);
  return peer === undefined || partsOf(peer).length === 0 ? [ref] : [ref, peer];
}

function forgetLast(): void {
  lastOwner = lastJournal = undefined;
}

function journalOf(owner: AnyActorRef | undefined): Journal | undefined {
  if (owner === lastOwner) return lastJournal;
  lastOwner = owner;
  return (lastJournal = owner === undefined ? undefined : journals.get(owner));
}

/** A compiled chart takes a step: a job's, which its context names, or else the manager's. Only while {@link isJournalling}. */
export function noteStep(self: AnyActorRef, chart: object, context: object, edge: number): void {
  // Owners take steps of their own in between, and their contexts need not be looked at.
  if (self === lastOwner) return lastJournal?.managerStep(edge);
  const { job } = context as Partial<JobContext>;
  if (job === undefined) journalOf(self)?.managerStep(edge);
  else journalOf(parentOf(self))?.jobStep(chart, job, edge);
}

/** Writes down a step of one actor. */
export type Noter = (edge: number) => void;

/** How the steps of an interpreted chart are written down; undefined: nobody keeps its journal. */
export function noterOf(self: AnyActorRef, chart: object, name: OwnName | undefined, context: object): Noter | undefined {
  if (name === undefined) {
    const { job } = context as Partial<JobContext>;
    return journalOf(job === undefined ? self : parentOf(self)) && ((edge) => noteStep(self, chart, context, edge));
  }
  const journal = journalOf(peerOfPart({ name, ref: self }));
  return journal && ((edge) => journal.partStep(self, name, edge));
}
