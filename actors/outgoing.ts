import type { Outcome, Urgency } from '../machines/job.ts';
import { remoteObject, type CancelMessage, type ProgressMessage, type ResponseMessage, type WireError } from '../transport/messages.ts';
import { errorTable, invalidOption, quote, VirtagentError, type Known } from '../transport/errors.ts';
import type { Protocol } from '../transport/protocols.ts';
import type { Transport } from '../transport/transport.ts';
import type { Operations } from './kinds.ts';
import type { Job, Manager } from './manager.ts';
import type { CallOptions } from './methods.ts';
import { oneLine, outcomeError } from './outcomes.ts';
import { checkSchema, isThenable, validate, type Schema } from './schema.ts';

/** What each job is charged besides its bytes: its actor, its entry and its closures. */
export const JOB_CHARGE = 2048;

/** What the calls of a peer need of it. */
export interface OutgoingHost {
  readonly manager: Manager;
  readonly transport: Transport;
  readonly protocol: Protocol;
  /** Random, so that a reply to an earlier session or process finds no call here. */
  readonly tagPrefix: string;
  readonly timeoutMs: number;
  readonly resultSchemas: Readonly<Record<string, Schema>>;
  /** Whether the other side has that method, as far as it has said. */
  hasRemote(method: string): boolean;
  trace(direction: 'in' | 'out', message: object, bytes: number): void;
  /** Told of what a handler or a callback of the user's threw that was not meant for the peer. Never throws. */
  onUserError(error: unknown, method: string): void;
}

/** Ends a call that has been started; does nothing once it has ended. */
export type Cancel = (reason: unknown) => void;

/** A result that an asynchronous schema looks at: its call's deadline, signal and peer can still end it. */
interface Checking {
  readonly giveUp: (why: Outcome) => void;
  /** It is over, one way or another. */
  readonly end: () => void;
}

/** A call that passed its checks and is encoded. */
interface Prepared {
  readonly tag: string;
  /** The parameters as they are sent. */
  readonly params: unknown;
  readonly frame: Uint8Array;
  readonly timeoutMs: number;
}

/** How a call came out. */
export type CallResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: VirtagentError };

/** The requests of this side: a client job each, and one-way messages. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #progress = new Map<string, (value: unknown) => void>();
  /** Calls by the signal that cancels them: one listener a signal, as Node warns of a leak from the eleventh on. */
  readonly #bySignal = new Map<AbortSignal, { readonly cancels: Set<Cancel>; readonly listener: () => void }>();
  /** Calls whose job is over and whose result is with an asynchronous schema. */
  readonly #checking = new Set<(why: Outcome) => void>();
  #closed: VirtagentError | undefined;
  #tags = 0;

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Calls a method; `settle` is run once, perhaps before this returns. A nested call is exempt from the window. */
  start(method: string, params: unknown, options: CallOptions, exempt: boolean, settle: (result: CallResult) => void): Cancel {
    let job: Job | undefined;
    let isOver = false;
    let unwatch = (): void => {};
    /** While an asynchronous schema looks at the result. */
    let checking: Checking | undefined;
    const cancel: Cancel = (reason) => {
      if (checking === undefined) job?.cancel(reason);
      else checking.giveUp({ type: 'cancelled', reason, known: 'executed' });
    };
    const end = (result: CallResult): void => {
      if (isOver) return;
      isOver = true;
      unwatch();
      checking?.end();
      settle(result);
    };
    const fail = (error: unknown): Cancel => {
      end({ ok: false, error: asCallError(error, method, 'not-sent') });
      return cancel;
    };
    let prepared: Prepared;
    try {
      prepared = this.#prepare(method, params, options);
    } catch (error) {
      return fail(error);
    }
    const { tag, frame, timeoutMs, params: sent } = prepared;
    const { signal, urgency = 1, onProgress } = options;
    const { timers } = this.#host.manager;
    const deadline = timers.clock.now() + timeoutMs;
    if (onProgress !== undefined) this.#progress.set(tag, (value) => this.#tell(onProgress, value, method));
    const operations: Operations = {
      send: (sending) => {
        if (!this.#host.hasRemote(method)) {
          const error = new VirtagentError('METHOD_NOT_FOUND', `the other side does not list a method ${quote(method)}`);
          return sending.done({ ok: false, error, known: 'not-sent' });
        }
        this.#host.trace('out', { type: 'request', tag, method, params: sent }, frame.length);
        return this.#host.transport.write(frame, sending.done);
      },
      abort: () => this.#tellCancelled(tag),
      callback: (outcome) => {
        this.#progress.delete(tag);
        if (outcome.type !== 'value') return end({ ok: false, error: callError(outcome, method) });
        const checked = this.#checked(outcome.value, method, options);
        if (!isThenable(checked)) return end(checked);
        if (this.#closed !== undefined)
          return end({ ok: false, error: callError({ type: 'cancelled', reason: this.#closed, known: 'executed' }, method) });
        checking = this.#startChecking(deadline, (why) => end({ ok: false, error: callError(why, method) }));
        return void checked.then(end);
      },
    };
    const bytes = frame.length + JOB_CHARGE;
    const added = this.#host.manager.addClient({ tag, urgency, timeoutMs, exempt, bytes, operations });
    if (!added.ok) {
      this.#progress.delete(tag);
      return fail(added.error);
    }
    job = added.job;
    // It may be over by now, and its signal may have been aborted by what was told of it.
    if (signal?.aborted === true) cancel(signal.reason);
    else if (signal !== undefined && !isOver) unwatch = this.#watch(signal, cancel);
    return cancel;
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
    for (const giveUp of [...this.#checking]) giveUp({ type: 'cancelled', reason: error, known: 'executed' });
  }

  /** Checks a call's options and encodes it; throws what is wrong with it. */
  #prepare(method: string, params: unknown, options: CallOptions): Prepared {
    if (typeof options !== 'object' || options === null) invalidOption('options', options, 'an object');
    const { signal, timeoutMs = this.#host.timeoutMs, urgency = 1, onProgress, result } = options;
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
    if (!(urgency === 0 || urgency === 1 || urgency === 2)) invalidOption('urgency', urgency, '0, 1 or 2');
    if (onProgress !== undefined && typeof onProgress !== 'function') invalidOption('onProgress', onProgress, 'a function');
    if (result !== undefined) checkSchema('result', result);
    if (signal !== undefined && typeof signal?.addEventListener !== 'function') invalidOption('signal', signal, 'an AbortSignal');
    if (signal?.aborted) throw new VirtagentError('CANCELLED', `${method} was cancelled before it began`, { cause: signal.reason });
    const tag = `${this.#host.tagPrefix}.${(++this.#tags).toString(36)}`;
    const sent = onProgress === undefined ? params : this.#withToken(params, tag);
    return { tag, params: sent, timeoutMs, frame: this.#host.transport.codec.encode({ type: 'request', tag, method, params: sent }) };
  }

  /** Has the signal cancel a call; returns how to undo that. */
  #watch(signal: AbortSignal, cancel: Cancel): () => void {
    const watched = this.#bySignal.get(signal) ?? this.#listenTo(signal);
    watched.cancels.add(cancel);
    return () => {
      watched.cancels.delete(cancel);
      if (watched.cancels.size > 0) return;
      this.#bySignal.delete(signal);
      signal.removeEventListener('abort', watched.listener);
    };
  }

  #listenTo(signal: AbortSignal): { readonly cancels: Set<Cancel>; readonly listener: () => void } {
    const cancels = new Set<Cancel>();
    const listener = (): void => {
      for (const cancel of [...cancels]) cancel(signal.reason);
    };
    const watched = { cancels, listener };
    this.#bySignal.set(signal, watched);
    signal.addEventListener('abort', listener, { once: true });
    return watched;
  }

  /** What a callback of the user's throws is not the line's business. */
  #tell(onProgress: (value: unknown) => void, value: unknown, method: string): void {
    try {
      onProgress(value);
    } catch (error) {
      this.#host.onUserError(error, method);
    }
  }

  #oneWay(
    kind: 'notice' | 'notification',
    message: object,
    frame: Uint8Array,
    urgency: Urgency,
    callback: (outcome: Outcome) => void,
  ): VirtagentError | undefined {
    const added = this.#host.manager.add(kind, {
      tag: kind,
      urgency,
      exempt: kind === 'notice',
      bytes: frame.length + JOB_CHARGE,
      ...(kind === 'notification' ? { timeoutMs: this.#host.timeoutMs } : undefined),
      operations: {
        send: (sending) => {
          this.#host.trace('out', message, frame.length);
          this.#host.transport.write(frame, sending.done);
        },
        callback,
      },
    });
    return added.ok ? undefined : added.error;
  }

  #tellCancelled(tag: string): void {
    if (this.#host.protocol.cancels && this.#host.transport.isOpen) this.notice({ type: 'cancel', tag }, () => {});
  }

  /** The token of a call that wants progress, where language servers look for it. */
  #withToken(params: unknown, tag: string): unknown {
    if (!this.#host.protocol.progress) throw new VirtagentError('UNSUPPORTED', `${this.#host.protocol.name} carries no progress`);
    if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params)))
      throw new VirtagentError('INVALID_PARAMS', 'a call with onProgress needs an object for its parameters');
    return { ...params, workDoneToken: tag };
  }

  #startChecking(deadline: number, giveUp: (why: Outcome) => void): Checking {
    const { timers } = this.#host.manager;
    const timer = timers.start(deadline - timers.clock.now(), () => giveUp({ type: 'timed-out', known: 'executed' }));
    this.#checking.add(giveUp);
    const end = (): void => {
      timers.cancel(timer);
      this.#checking.delete(giveUp);
    };
    return { giveUp, end };
  }

  /** What a call comes to with that value: a promise only if its schema is asynchronous, and one that never rejects. */
  #checked(value: unknown, method: string, options: CallOptions): CallResult | Promise<CallResult> {
    const schema = options.result ?? (Object.hasOwn(this.#host.resultSchemas, method) ? this.#host.resultSchemas[method] : undefined);
    if (schema === undefined) return { ok: true, value };
    const valid = (passed: unknown): CallResult => ({ ok: true, value: passed });
    const invalid = (thrown: unknown): CallResult => ({ ok: false, error: asCallError(thrown, method, 'executed', 'INVALID_RESPONSE') });
    try {
      const checked = validate(schema, value, 'INVALID_RESPONSE', `the result of ${method} does not pass its schema`);
      return isThenable(checked) ? Promise.resolve(checked).then(valid, invalid) : valid(checked);
    } catch (thrown) {
      return invalid(thrown);
    }
  }
}

/** Codes with which a side says that it did not run the request. */
const refusals: ReadonlySet<string> = new Set(['METHOD_NOT_FOUND', 'INVALID_PARAMS', 'INVALID_REQUEST', 'PARSE_ERROR', 'BUSY', 'STOPPING']);

/** The error of a call that came to anything but a value. */
function callError(outcome: Outcome, method: string): VirtagentError {
  return outcome.type === 'error' ? remoteError(outcome.error as WireError, method) : (outcomeError(outcome, method) as VirtagentError);
}

/** The peer's error object as ours. */
function remoteError(error: WireError, method: string): VirtagentError {
  const known: Known = refusals.has(error.code) ? 'refused' : error.code === 'CANCELLED' ? 'perhaps-executed' : 'executed';
  return new VirtagentError(error.code, oneLine(error.message), { known, method, data: error.data, remote: remoteObject(error) });
}

/** Anything thrown, as the error of a call. */
function asCallError(error: unknown, method: string, known: Known, code: keyof typeof errorTable = 'SEND_FAILED'): VirtagentError {
  if (error instanceof VirtagentError)
    return new VirtagentError(error.code, error.message, { known, method, data: error.data, cause: error.cause });
  return new VirtagentError(code, `${method} failed`, { known, method, cause: error });
}

/**
 * A promise that may fail while nobody waits for it. Handlers call first and await later, or not at all; what fails then is
 * up to the peer (it cancels, it leaves), and Node would end the process for it.
 */
export function unattended<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
