import type { AnyStateMachine } from 'xstate';
import { clientJob } from '../machines/client-job.ts';
import type { Completion, JobClass, Outcome, SendCompletion, SlotName } from '../machines/job.ts';
import { serverJob } from '../machines/server-job.ts';

/**
 * A kind of job, as it is registered with a manager: a chart, its class, the slots that it wants.
 *
 * The manager looks at nothing else: docs/new-kind.md makes a third one.
 */
export interface Kind {
  readonly name: string;
  /** A machine made with the events and actions of `machines/job.ts`. */
  readonly chart: AnyStateMachine;
  /** Answers (`server`) are sent before requests (`client`), and each class has its queue caps. */
  readonly class: JobClass;
  /** The slots that its chart asks for; asking for another is reported and not granted. */
  readonly slots: readonly SlotName[];
  /** Whether its tags are ours: unique, and the key under which `readDone` finds it. A peer's tags are neither. */
  readonly ownsTag: boolean;
}

/** A request that came in. */
export const serverKind: Kind = Object.freeze<Kind>({
  name: 'server',
  chart: serverJob,
  class: 'server',
  slots: ['execute', 'send'],
  ownsTag: false,
});

/** A request that we send. */
export const clientKind: Kind = Object.freeze<Kind>({ name: 'client', chart: clientJob, class: 'client', slots: ['send'], ownsTag: true });

/** What an `execute` operation works with. Bound to its permit: it can't complete another job. */
export interface Execution {
  readonly tag: string;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** Reports the execute's outcome. A second call is reported as a violation. */
  readonly done: (completion: Completion) => void;
  /** The handler waits for the peer, or for what may take long to come: its slot goes to others. Each park is matched by one unpark. */
  readonly park: () => void;
  /** What it waited for is here: `resume` is run once it holds a slot again. */
  readonly unpark: () => void;
}

/** What a `send` operation works with. Bound to its permit. */
export interface Sending {
  readonly tag: string;
  /** What is to be sent: a server job's completion; undefined for a request. The same for each piece of it. */
  readonly value: Completion | undefined;
  /**
   * Reports that the stream took the bytes, or that it won't. With `more` it took a piece: the slot goes back, others may pass, and
   * `send` is run again when the job holds a slot again.
   */
  readonly done: (completion: SendCompletion) => void;
}

/**
 * What a manager asks of its user for one job. They are run one at a time, never inside another or inside a
 * transition. One that throws, or returns a promise that rejects, has thereby completed with failure.
 */
export interface Operations {
  /** Begin executing; complete with `execution.done`. */
  execute?(execution: Execution): unknown;
  /** A parked job holds its slot again: hand over what it waited for. */
  resume?(execution: Execution): void;
  /** Begin sending; complete with `sending.done`. Run once for each piece, if it completes with `more`. */
  send?(sending: Sending): unknown;
  /**
   * Nobody waits any more: tell the handler, or the peer, that also of a request of which only a part was sent. The AbortSignal is
   * aborted by the manager itself.
   */
  abort?(reason: unknown): void;
  /** The job's one outcome. Run exactly once, last: what was kept for the pieces that are left can go. */
  callback?(outcome: Outcome, tag: string): void;
}
