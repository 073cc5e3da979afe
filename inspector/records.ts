import type { KnownOfPeer, JobClass, Outcome, Urgency } from '../machines/job.ts';
import type { LinkState } from '../machines/link.ts';

/**
 * What an inspector tells, as lines of JSON: to the page, to `virtagent top`, to the other end of the line, and into a recording.
 * They are the same records everywhere. docs/inspector.md describes them for who reads recordings with programs of their own.
 *
 * Numbers of states and edges are those of the charts in the head record: whoever reads them needs no chart of its own.
 */
export const recordsVersion = 1;

/** Whose records they are: those of the agent that gives them, or of the other end of its line, passed on by it. */
export type Side = 'near' | 'far';

/** Of a side, at a moment: milliseconds since that side's `epoch`, which never run backwards. */
interface Moment {
  readonly of: Side;
  readonly at: number;
}

/** A state of a chart. */
export interface StateDescription {
  /** Nested states joined by dots, as in `busy.sending`. */
  readonly path: string;
  /** The path of the state that it is in; undefined: of the chart itself. */
  readonly parent: string | undefined;
  readonly type: 'atomic' | 'compound' | 'final';
  readonly description: string | undefined;
}

/** A transition as it is taken from one state without states in it. Where guards differ there is one edge each. */
export interface EdgeDescription {
  /** The path of the atomic state from which it is taken; undefined: it is how the chart begins. */
  readonly from: string | undefined;
  /** The path of the atomic state to which it leads; the same as `from`: it stays. */
  readonly to: string;
  /** Empty: it is taken at once, without an event. `xstate.init`: it is how the chart begins. */
  readonly event: string;
  readonly guard: string | undefined;
  /** By their names, in their order. */
  readonly actions: readonly string[];
}

/** A chart, from the machine's own definition. */
export interface ChartDescription {
  /** Of a job its kind's name (`client`, `server`, `notice`, …); else the machine's: `manager`, `link`, `peer`, `session`, `detect`, `qemu-ga`. */
  readonly name: string;
  /** Whether many of it run, one for each job; else there is one, and it is one of the agent's own parts. */
  readonly isJob: boolean;
  readonly states: readonly StateDescription[];
  readonly edges: readonly EdgeDescription[];
  /** The number of its first edge: edges are counted through all charts of a head. Between two charts numbers may be left out. */
  readonly firstEdge: number;
  /**
   * How many stood in each of `states` when counting began, where jobs were live by then: with the counts of the edges that lead there
   * and away it says how many stand there now. Left out: none.
   */
  readonly standing?: readonly number[];
}

/** The first record of a side, and again whenever that side begins anew: nothing before it is of the same jobs. */
export interface HeadRecord extends Moment {
  readonly type: 'head';
  readonly version: number;
  /** What was `Date.now()` when `at` was 0. */
  readonly epoch: number;
  readonly agent: {
    /** Who it is, in a few words: `host on unix-listen:/run/a.sock`. */
    readonly name: string;
    readonly version: string;
    readonly pid: number | undefined;
    readonly role: string | undefined;
    readonly protocol: string | undefined;
  };
  readonly charts: readonly ChartDescription[];
  /** Whether messages come with their values (redacted by key). */
  readonly payloads: boolean;
  /** Whether jobs may be cancelled, methods called and sending paused from a viewer. */
  readonly control: boolean;
  /** The methods that the other end has listed, where the protocol has it list them. */
  readonly methods: readonly MethodDescription[] | undefined;
  /** The methods of this side, which the other end may call; undefined for a manager without peer. */
  readonly serves: readonly MethodDescription[] | undefined;
}

/** A method: its parameters as JSON Schema, where that is known. */
export interface MethodDescription {
  readonly name: string;
  readonly params: object | undefined;
}

/** A job has begun; or one of the agent's own charts, whose numbers are negative. Its steps follow: the first is `xstate.init`. */
export interface JobRecord extends Moment {
  readonly type: 'job';
  /** Its number at that side: unique until the next head, in the order in which jobs were added. */
  readonly job: number;
  readonly chart: string;
  /** By which the two sides know the same call. Empty for what has none. */
  readonly tag: string;
  /** Undefined for what is no request, or where it is not known. */
  readonly method: string | undefined;
  readonly class: JobClass;
  readonly urgency: Urgency;
  /** What it is charged against its queue. */
  readonly bytes: number;
  /**
   * The path of the state in which it stands, where no step says so: it began before what is told, and no `xstate.init` follows. A job that
   * has been told of is told again with it when steps of it were left out; it is over if that is a final state.
   */
  readonly state?: string;
}

/** Transitions that were taken, in their order: three lists of the same length. `at` is the moment of the first. */
export interface StepsRecord extends Moment {
  readonly type: 'steps';
  /** Milliseconds after `at`. */
  readonly after: readonly number[];
  readonly jobs: readonly number[];
  readonly edges: readonly number[];
}

/** How a job ended, from its callback: before its last step. One whose chart failed has no step after it. */
export interface EndRecord extends Moment {
  readonly type: 'end';
  readonly job: number;
  readonly outcome: Outcome['type'];
  readonly known: KnownOfPeer;
  /** Of an error: its stable code. */
  readonly code: string | undefined;
}

/** How often each edge has been taken, since the side began: exact, whatever was left out. Edges that are not listed have not changed. */
export interface CountsRecord extends Moment {
  readonly type: 'counts';
  readonly edges: readonly number[];
  readonly taken: readonly number[];
}

/** What the manager, the link and the session hold at the moment. */
export interface GaugesRecord extends Moment {
  readonly type: 'gauges';
  readonly link: LinkState | undefined;
  /** Jobs that have an actor. */
  readonly jobs: number;
  readonly send: { readonly slots: number; readonly taken: number; readonly waiting: number };
  readonly execute: { readonly slots: number; readonly taken: number; readonly parked: number; readonly waiting: number };
  readonly server: { readonly count: number; readonly bytes: number };
  readonly client: { readonly count: number; readonly bytes: number };
  /** What the other side still takes, where the protocol counts it. */
  readonly credit: { readonly requests: number; readonly bytes: number } | undefined;
  /** Whether sending has been paused from a viewer. */
  readonly paused: boolean;
  /** Bytes and messages both ways, damage, violations: since the side began. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A message that crossed the line: only while payloads are shown. */
export interface MessageRecord extends Moment {
  readonly type: 'message';
  readonly direction: 'in' | 'out';
  /** `request`, `response`, `cancel`, … */
  readonly message: string;
  readonly tag: string | undefined;
  readonly bytes: number;
  /** Redacted by key, and cut where it is large. */
  readonly value: unknown;
}

/** What of the past, or of the present rate, is not told. Counts stay exact. */
export interface LeftOutRecord extends Moment {
  readonly type: 'left-out';
  /** Jobs that began, and steps that were taken, since the record before and are not told. */
  readonly jobs: number;
  readonly steps: number;
  /** `ring`: they were overwritten before anybody looked. `rate`: of so many jobs, one in `oneIn` is told, as a whole. */
  readonly why: 'ring' | 'rate';
  readonly oneIn: number;
}

/** All of the past that is there has been told; what follows happens now. */
export interface LiveRecord extends Moment {
  readonly type: 'live';
}

/** The side has ended, or can't be reached any more. A head may follow. */
export interface GoneRecord extends Moment {
  readonly type: 'gone';
  readonly reason: string;
}

/**
 * Any record. A viewer that joins gets a head, the counts as they were at the first step that the ring holds, jobs and steps in
 * their order, gauges, `live`, and from then on everything as it happens.
 */
export type InspectRecord =
  | HeadRecord
  | JobRecord
  | StepsRecord
  | EndRecord
  | CountsRecord
  | GaugesRecord
  | MessageRecord
  | LeftOutRecord
  | LiveRecord
  | GoneRecord;

/** What a viewer may ask for, where the head says that it may: the body of `POST act`. */
export type Act =
  | { readonly do: 'cancel'; readonly job: number }
  | { readonly do: 'call'; readonly method: string; readonly params?: unknown; readonly urgency?: Urgency }
  | { readonly do: 'pause' }
  | { readonly do: 'resume' };

/** What became of it: a call's result or error; of the others only whether it was done. */
export type ActResult =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };
