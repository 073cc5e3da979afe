/**
 * What every kind of job shares: who it is, how it can end, and the vocabulary of its chart.
 *
 * A new kind of job is a machine made with these events and actions, registered with the manager
 * (docs/new-kind.md). The manager knows kinds by what is declared here and by nothing else.
 */

/** Which side of a call a job is; answers (`server`) go before requests (`client`). */
export type JobClass = 'server' | 'client';

/** Higher goes first within a class. */
export type Urgency = 0 | 1 | 2;

/** A slot: the permit to be sending, or to be executing. */
export type SlotName = 'send' | 'execute';

/** What a job can ask for, by the name of the event that grants it. `resume` is an execute slot for a parked job. */
export type Grant = 'send' | 'execute' | 'resume';

/** Who a job is, for the manager and its queues. Never mutated. */
export interface JobRef {
  /** Its number in the order in which jobs were added: unique for ever, and the order in its queue. */
  readonly seq: number;
  /** Where the runtime finds its actor; used again after the job is gone. */
  readonly index: number;
  readonly class: JobClass;
  readonly urgency: Urgency;
  /**
   * Of a client job: exempt from the peer's window and its credit (a nested call, or one that the greeting needs).
   * Of a server job: exempt from the queue's caps (the refusal of a request that found the queue full).
   */
  readonly exempt: boolean;
  /** What it is charged against the queue's bytes, and what a request spends of the peer's credit. */
  readonly bytes: number;
}

/** What is known of the other side when a job ends. */
export type KnownOfPeer = 'not-sent' | 'refused' | 'perhaps-executed' | 'executed';

/** How an execute, a send or a response came out. */
export type Completion = { readonly ok: true; readonly value?: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * How a send came out. `more`: it was a piece of the message, and the next is sent when the job holds a send slot again. `known` says
 * more of a failure than "perhaps executed", where the sender knows it.
 */
export type SendCompletion =
  | { readonly ok: true; readonly more?: boolean }
  | { readonly ok: false; readonly error: unknown; readonly known?: KnownOfPeer };

/** A job's one outcome, given to its callback. */
export type Outcome =
  | { readonly type: 'value'; readonly value: unknown; readonly known: KnownOfPeer }
  | { readonly type: 'error'; readonly error: unknown; readonly known: KnownOfPeer }
  | { readonly type: 'cancelled'; readonly reason: unknown; readonly known: KnownOfPeer }
  | { readonly type: 'timed-out'; readonly known: KnownOfPeer }
  | { readonly type: 'line-lost'; readonly known: KnownOfPeer }
  | { readonly type: 'send-failed'; readonly error: unknown; readonly known: KnownOfPeer };

/** What a job's actor is given when it is spawned. */
export interface JobInput {
  readonly job: JobRef;
  /** A server job that is to be answered; false for a notification. */
  readonly answers: boolean;
}

/** The part of a job's context that the manager's runtime reads. */
export interface JobContext {
  readonly job: JobRef;
  readonly outcome: Outcome | undefined;
}

/** Granted slots: the manager tells a job that it may begin. */
export type GrantEvent =
  | { readonly type: 'execute'; readonly permit: number }
  | { readonly type: 'resume'; readonly permit: number }
  | { readonly type: 'send'; readonly permit: number };

/** Completions: the manager's user reports, the manager passes on. */
export type CompletionEvent =
  | { readonly type: 'execute_done'; readonly completion: Completion }
  | { readonly type: 'send_done'; readonly completion: SendCompletion }
  | { readonly type: 'read_done'; readonly response: Completion }
  | { readonly type: 'callback_done' };

/** A handler that calls back to the peer, and its nested answers. */
export type ParkEvent = { readonly type: 'park' } | { readonly type: 'unpark'; readonly permit: number };

/** What ends a job early. `abort` is the peer's wish, `cancel` is ours. */
export type EndEvent =
  | { readonly type: 'abort' }
  | { readonly type: 'cancel'; readonly reason?: unknown }
  | { readonly type: 'deadline' }
  | { readonly type: 'line_lost' };

/** Everything that a job can be told. */
export type JobEvent = GrantEvent | CompletionEvent | ParkEvent | EndEvent;

/** An action that does nothing here: `actors/` gives it its work, which gets these parameters. */
export const effect = <Params = undefined>(): ((args: unknown, params: Params) => void) => noEffect;
const noEffect = (): void => {};

/**
 * The actions of a job's chart. In `machines/` they do nothing: the manager's runtime gives each kind its
 * own when the kind is registered.
 *
 * - `want`: ask the manager for a slot, by the event that is to grant it. One at a time. A job whose send came out as a piece asks for
 *   the next slot in the same transition, and keeps its place.
 * - `release`: give an execute slot back that was granted for a nested answer.
 * - `execute`, `resume`, `send`, `callback`: the operations of the manager's user. `callback` is the last of them.
 * - `abort`: tell a running execute (its AbortSignal), or the peer, that nobody waits any more.
 * - `report`: an event that breaks the contract; nothing else changes.
 *
 * `abort` and `callback` also give up every slot that the job still waits for.
 */
export const jobActions = {
  want: effect<{ grant: Grant; permit?: number }>(),
  release: effect<{ permit: number }>(),
  execute: effect<{ permit: number }>(),
  resume: effect<{ permit: number }>(),
  send: effect<{ permit: number; value: Completion | undefined }>(),
  callback: effect<{ outcome: Outcome | undefined }>(),
  abort: effect<{ reason: unknown }>(),
  report: effect<{ event: string }>(),
};

/** An event that breaks the contract in the state that lists it: reported, nothing else changes. */
export const violation = {
  actions: { type: 'report', params: ({ event }: { event: { type: string } }) => ({ event: event.type }) },
} as const;

/** An event that is expected in the state that lists it, and has no effect there. */
export const ignored = {} as const;

/** Whether a send has put all of a message on the line: it was not a piece, and did not fail. */
export function isWhole(completion: SendCompletion): boolean {
  return completion.ok && completion.more !== true;
}

/** The outcome of a job that something ended early, by what is known at that point. */
export function endedBy(event: { readonly type: string; readonly reason?: unknown }, known: KnownOfPeer): Outcome {
  if (event.type === 'deadline') return { type: 'timed-out', known };
  if (event.type === 'line_lost') return { type: 'line-lost', known };
  return { type: 'cancelled', reason: event.type === 'abort' ? undefined : event.reason, known };
}
