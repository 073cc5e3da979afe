import type { Outcome, Urgency } from '../machines/job.ts';
import type { CancelMessage, ProgressMessage, ResponseMessage } from '../transport/messages.ts';
import type { VirtagentError } from '../transport/errors.ts';
import type { Protocol } from '../transport/protocols.ts';
import type { Session } from '../transport/session/session.ts';
import type { Transport } from '../transport/transport.ts';
import { asCallError, Call, JOB_CHARGE, type CallResult } from './call.ts';
import type { Greeting } from './greeting.ts';
import type { Manager } from './manager.ts';
import type { CallOptions } from './methods.ts';
import { outcomeError } from './outcomes.ts';
import type { Schema } from './schema.ts';

/** What the calls of a peer need of it. */
export interface OutgoingHost {
  readonly manager: Manager;
  readonly transport: Transport;
  readonly protocol: Protocol;
  /** Random, so that a reply to an earlier session or process finds no call here. */
  readonly tagPrefix: string;
  readonly timeoutMs: number;
  readonly resultSchemas: Readonly<Record<string, Schema>>;
  /** What the protocol does with a line besides calls, if anything. */
  readonly greeting: Greeting | undefined;
  /** With virtagent-2: the session that outlives lines. */
  readonly session: Session | undefined;
  /** Whether anybody watches messages; told of each only then. */
  readonly isTraced: boolean;
  trace(direction: 'in' | 'out', message: object, bytes: number): void;
  /** Told of what a handler or a callback of the user's threw that was not meant for the peer. Never throws. */
  onUserError(error: unknown, method: string): void;
}

/** The requests of this side: a client job each, and one-way messages. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #progress = new Map<string, (value: unknown) => void>();
  /** Calls by the signal that cancels them: one listener a signal, as Node warns of a leak from the eleventh on. */
  readonly #bySignal = new Map<AbortSignal, { readonly calls: Set<Call>; readonly listener: () => void }>();
  /** Calls whose job is over and whose result is with an asynchronous schema. */
  readonly #checking = new Set<Call>();
  #closed: VirtagentError | undefined;
  #tags = 0;

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Calls a method; `settle` is run once, perhaps before this returns. A nested call is exempt from the window. */
  start(method: string, params: unknown, options: CallOptions, exempt: boolean, settle: (result: CallResult) => void): Call {
    const call = new Call(this, this.#host, method, options, settle);
    call.start(params, exempt);
    return call;
  }

  /** A request without response; `settle` is run when the stream took it. */
  notify(method: string, params: unknown, settle: (error: VirtagentError | undefined) => void): void {
    let frame: Uint8Array;
    const message = { type: 'notification', method, params } as const;
    try {
      frame = this.#host.transport.codec.encode(message);
    } catch (error) {
      return settle(asCallError(error, method, 'not-sent'));
    }
    const refused = this.#oneWay('notification', message, frame, 1, (outcome) => settle(outcomeError(outcome, method)));
    if (refused !== undefined) settle(refused);
  }

  /** Our answer to a request that never became a job, a cancel, or progress: it goes before requests. */
  notice(message: ResponseMessage | CancelMessage | ProgressMessage, sent: () => void): number {
    let frame: Uint8Array;
    try {
      frame = this.#host.transport.codec.encode(message);
    } catch {
      sent();
      return 0;
    }
    if (this.#oneWay('notice', message, frame, 2, sent) !== undefined) sent();
    return frame.length;
  }

  /** A progress value from the peer, for the call that made its token; false if there is none. */
  progress(token: string | number, value: unknown): boolean {
    const told = this.#progress.get(String(token));
    told?.(value);
    return told !== undefined;
  }

  /** The peer has ended: so have results that are still being checked. */
  close(error: VirtagentError): void {
    this.#closed = error;
    for (const call of [...this.#checking]) call.endChecking({ type: 'cancelled', reason: error, known: 'executed' });
  }

  // What a call needs of the others.

  /** Why the peer has ended, once it has. */
  get closed(): VirtagentError | undefined {
    return this.#closed;
  }

  nextTag(): string {
    return `${this.#host.tagPrefix}.${(++this.#tags).toString(36)}`;
  }

  expectProgress(tag: string, told: (value: unknown) => void): void {
    this.#progress.set(tag, told);
  }

  forgetProgress(tag: string): void {
    this.#progress.delete(tag);
  }

  /** Has the signal give a call up. */
  watch(signal: AbortSignal, call: Call): void {
    (this.#bySignal.get(signal)?.calls ?? this.#listenTo(signal)).add(call);
  }

  unwatch(signal: AbortSignal, call: Call): void {
    const watched = this.#bySignal.get(signal);
    if (watched === undefined) return;
    watched.calls.delete(call);
    if (watched.calls.size > 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }

  #listenTo(signal: AbortSignal): Set<Call> {
    const calls = new Set<Call>();
    const listener = (): void => {
      for (const call of [...calls]) call.giveUp(signal.reason);
    };
    this.#bySignal.set(signal, { calls, listener });
    signal.addEventListener('abort', listener, { once: true });
    return calls;
  }

  /** Ends the call at its deadline, or with the peer; returns how to leave off. */
  startChecking(deadline: number, call: Call): () => void {
    const { timers } = this.#host.manager;
    const timer = timers.start(deadline - timers.clock.now(), () => call.endChecking({ type: 'timed-out', known: 'executed' }));
    this.#checking.add(call);
    return () => {
      timers.cancel(timer);
      this.#checking.delete(call);
    };
  }

  /** Tells the other side that nobody waits for an answer, where the protocol can. */
  tellCancelled(tag: string): void {
    this.#host.greeting?.givenUp(tag);
    if (this.#host.protocol.cancels && this.#host.transport.isOpen) this.notice({ type: 'cancel', tag }, () => {});
  }

  #oneWay(
    kind: 'notice' | 'notification',
    message: object,
    frame: Uint8Array,
    urgency: Urgency,
    callback: (outcome: Outcome) => void,
  ): VirtagentError | undefined {
    const bytes = frame.length + JOB_CHARGE;
    let isTraced = false;
    const added = this.#host.manager.add(kind, {
      tag: kind,
      urgency,
      exempt: kind === 'notice',
      bytes,
      ...(kind === 'notification' ? { timeoutMs: this.#host.timeoutMs } : undefined),
      operations: {
        send: (sending) => {
          if (!isTraced && this.#host.isTraced) this.#host.trace('out', message, frame.length);
          isTraced = true;
          this.#host.transport.write(frame, sending.done, kind === 'notification' ? bytes : 0);
        },
        callback: (outcome) => {
          this.#host.transport.forget(frame);
          callback(outcome);
        },
      },
    });
    return added.ok ? undefined : added.error;
  }
}

/**
 * A promise that may fail while nobody waits for it. Handlers call first and await later, or not at all; what fails then is
 * up to the peer (it cancels, it leaves), and Node would end the process for it.
 */
export function unattended<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
