import type { Outcome, Urgency } from '../machines/job.ts';
import { remoteObject, type CancelMessage, type ProgressMessage, type ResponseMessage, type WireError } from '../transport/messages.ts';
import { errorTable, invalidOption, VirtagentError, type Known } from '../transport/errors.ts';
import type { Protocol } from '../transport/protocols.ts';
import type { Transport } from '../transport/transport.ts';
import type { Job, Manager } from './manager.ts';
import type { CallOptions } from './methods.ts';
import { outcomeError } from './outcomes.ts';
import { validate, type Schema } from './schema.ts';

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
}

/** How a call came out. */
export type CallResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: VirtagentError };

/** The requests of this side: a client job each, and one-way messages. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #progress = new Map<string, (value: unknown) => void>();
  #tags = 0;

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Calls a method; `settle` is run once. A nested call is exempt from the window. */
  start(method: string, params: unknown, options: CallOptions, exempt: boolean, settle: (result: CallResult) => void): void {
    const fail = (error: unknown, known: Known = 'not-sent'): void => settle({ ok: false, error: asCallError(error, method, known) });
    const { signal, timeoutMs = this.#host.timeoutMs, urgency = 1 } = options;
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
      return invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
    if (signal?.aborted) return fail(new VirtagentError('CANCELLED', `${method} was cancelled before it began`, { cause: signal.reason }));
    const tag = `${this.#host.tagPrefix}.${(++this.#tags).toString(36)}`;
    const sent = this.#withProgress(method, params, options, tag);
    let frame: Uint8Array;
    try {
      frame = this.#host.transport.codec.encode({ type: 'request', tag, method, params: sent });
    } catch (error) {
      this.#progress.delete(tag);
      return fail(error);
    }
    let job: Job | undefined;
    const cancel = (): void => job?.cancel(signal?.reason);
    const added = this.#host.manager.addClient({
      tag,
      urgency,
      timeoutMs,
      exempt,
      bytes: frame.length + JOB_CHARGE,
      operations: {
        send: (sending) => {
          if (!this.#host.hasRemote(method)) {
            const error = new VirtagentError('METHOD_NOT_FOUND', `the other side does not list a method ${JSON.stringify(method)}`);
            return sending.done({ ok: false, error, known: 'not-sent' });
          }
          this.#host.trace('out', { type: 'request', tag, method, params: sent }, frame.length);
          return this.#host.transport.write(frame, sending.done);
        },
        abort: () => this.#tellCancelled(tag),
        callback: (outcome) => {
          signal?.removeEventListener('abort', cancel);
          this.#progress.delete(tag);
          this.#settle(outcome, method, options, settle);
        },
      },
    });
    if (!added.ok) {
      this.#progress.delete(tag);
      return fail(added.error);
    }
    job = added.job;
    signal?.addEventListener('abort', cancel, { once: true });
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

  /** A progress value from the peer, for the call that made its token. */
  progress(token: string | number, value: unknown): boolean {
    const told = this.#progress.get(String(token));
    told?.(value);
    return told !== undefined;
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
  #withProgress(method: string, params: unknown, options: CallOptions, tag: string): unknown {
    if (options.onProgress === undefined) return params;
    if (!this.#host.protocol.progress)
      throw new VirtagentError('UNSUPPORTED', `${this.#host.protocol.name} carries no progress`, { known: 'not-sent', method });
    if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
      throw new VirtagentError('INVALID_PARAMS', 'a call with onProgress needs an object for its parameters', {
        known: 'not-sent',
        method,
      });
    }
    this.#progress.set(tag, options.onProgress);
    return { ...params, workDoneToken: tag };
  }

  #settle(outcome: Outcome, method: string, options: CallOptions, settle: (result: CallResult) => void): void {
    if (outcome.type === 'error') return settle({ ok: false, error: remoteError(outcome.error as WireError, method) });
    const error = outcomeError(outcome, method);
    if (error !== undefined) return settle({ ok: false, error });
    const { value } = outcome as Extract<Outcome, { type: 'value' }>;
    const schema = options.result ?? (Object.hasOwn(this.#host.resultSchemas, method) ? this.#host.resultSchemas[method] : undefined);
    if (schema === undefined) return settle({ ok: true, value });
    const invalid = (thrown: unknown): void => settle({ ok: false, error: asCallError(thrown, method, 'executed', 'INVALID_RESPONSE') });
    try {
      const checked = validate(schema, value, 'INVALID_RESPONSE', `the result of ${method} does not pass its schema`);
      if (checked instanceof Promise) checked.then((passed) => settle({ ok: true, value: passed }), invalid);
      else settle({ ok: true, value: checked });
    } catch (thrown) {
      invalid(thrown);
    }
  }
}

/** Codes with which a side says that it did not run the request. */
const refusals: ReadonlySet<string> = new Set(['METHOD_NOT_FOUND', 'INVALID_PARAMS', 'INVALID_REQUEST', 'PARSE_ERROR', 'BUSY', 'STOPPING']);

/** The peer's error object as ours. */
function remoteError(error: WireError, method: string): VirtagentError {
  const known: Known = refusals.has(error.code) ? 'refused' : error.code === 'CANCELLED' ? 'perhaps-executed' : 'executed';
  return new VirtagentError(error.code, error.message, { known, method, data: error.data, remote: remoteObject(error) });
}

/** Anything thrown, as the error of a call. */
function asCallError(error: unknown, method: string, known: Known, code: keyof typeof errorTable = 'SEND_FAILED'): VirtagentError {
  if (error instanceof VirtagentError)
    return new VirtagentError(error.code, error.message, { known, method, data: error.data, cause: error.cause });
  return new VirtagentError(code, `${method} failed`, { known, method, cause: error });
}
