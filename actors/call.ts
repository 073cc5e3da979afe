import { isWhole, type Outcome } from '../machines/job.ts';
import { remoteObject, type OutgoingMessage, type WireError } from '../transport/messages.ts';
import { CLOCK_MODULUS } from '../transport/session/numbers.ts';
import type { Session } from '../transport/session/session.ts';
import { isVirtagentError, VirtagentError, type errorTable, type Known } from '../transport/errors.ts';
import { checkCallOptions } from './call-options.ts';
import type { Operations, Sending } from './kinds.ts';
import type { CallStream, StreamRoom } from './call-stream.ts';
import type { Job } from './manager.ts';
import type { CallOptions } from './methods.ts';
import type { Outgoing, OutgoingHost } from './outgoing.ts';
import { oneLine, outcomeError } from './outcomes.ts';
import { isThenable, validate, type Schema } from './schema.ts';

/** What each job is charged besides its bytes: its actor, its entry and its operations. */
export const JOB_CHARGE = 2048;

/** How a call came out. */
export type CallResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: VirtagentError };

/** What a call is besides a request for one result. */
export interface CallExtras {
  /** It wants items (virtagent-2): the stream that takes them, and how many at first. */
  readonly items?: { readonly stream: CallStream; readonly room: StreamRoom };
  /** It asks what is known of the request with that tag, and is none itself (virtagent-2). */
  readonly statusOf?: string;
}

/** One request of this side: checks it, adds its job, and is that job's operations. */
export class Call implements Operations {
  readonly #outgoing: Outgoing;
  readonly #host: OutgoingHost;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #extras: CallExtras;
  readonly #settle: (result: CallResult) => void;
  #job: Job | undefined;
  #isOver = false;
  #tag = '';
  /** The parameters as they are sent, and the request's frame. */
  #params: unknown;
  #frame: Uint8Array | undefined;
  #hasBegun = false;
  #hasLeft = false;
  /** A handler makes it of the side that called it: no window and no credit holds it back. */
  #isNested = false;
  /** When it is to have ended, by the manager's clock. */
  #deadline = Infinity;
  #watched: AbortSignal | undefined;
  /** While it is not known what is spoken: gives it up. */
  #early: ((reason: unknown) => void) | undefined;
  /** While an asynchronous schema looks at the result. */
  #stopChecking: (() => void) | undefined;

  /** `settle` is run once, perhaps before this returns. A nested call is exempt from the window. */
  constructor(
    outgoing: Outgoing,
    host: OutgoingHost,
    method: string,
    options: CallOptions,
    settle: (result: CallResult) => void,
    extras: CallExtras = {},
  ) {
    this.#extras = extras;
    this.#outgoing = outgoing;
    this.#host = host;
    this.#method = method;
    this.#options = options;
    this.#settle = settle;
  }

  start(params: unknown, exempt: boolean): void {
    const timeoutMs = this.#options?.timeoutMs === undefined ? this.#host.timeoutMs : this.#options.timeoutMs;
    const { early } = this.#host;
    try {
      this.#check();
    } catch (error) {
      return this.#fail(error);
    }
    // A handler is there only once it is known what is spoken; who asks for a call may be earlier.
    if (early === undefined || (exempt && this.#extras.statusOf === undefined)) return this.#begin(params, exempt, timeoutMs);
    this.#early = early.hold(
      this.#method,
      { timeoutMs, signal: this.#options.signal },
      (left) => this.#begin(params, exempt, left),
      (error) => this.#end({ ok: false, error }),
    );
  }

  #begin(params: unknown, exempt: boolean, timeoutMs: number): void {
    this.#early = undefined;
    try {
      const refusal = this.#host.greeting?.refusal?.(this.#method, false);
      if (refusal !== undefined) throw new VirtagentError('METHOD_NOT_FOUND', refusal);
      this.#isNested = exempt;
      this.#prepare(params, timeoutMs);
    } catch (error) {
      return this.#fail(error);
    }
    const { signal, urgency = 1 } = this.#options;
    const { manager } = this.#host;
    this.#deadline = manager.timers.clock.now() + timeoutMs;
    const bytes = (this.#frame as Uint8Array).length + JOB_CHARGE;
    const added = manager.addClient({ tag: this.#tag, method: this.#method, urgency, timeoutMs, exempt, bytes, operations: this });
    if (!added.ok) {
      this.#outgoing.forgetProgress(this.#tag);
      this.#outgoing.forgetItems(this.#tag);
      return this.#fail(added.error);
    }
    this.#job = added.job;
    // It may be over by now, and its signal may have been aborted by what was told of it.
    if (signal?.aborted === true) this.giveUp(signal.reason);
    else if (signal !== undefined && !this.#isOver) this.#outgoing.watch((this.#watched = signal), this);
  }

  /** What ties it to its response. */
  get tag(): string {
    return this.#tag;
  }

  /** What of it is over, or has not been sent: nobody else needs to be asked. */
  get localStatus(): 'over' | 'unsent' | undefined {
    if (this.#isOver) return 'over';
    return this.#hasBegun ? undefined : 'unsent';
  }

  /** Whether its request has left and it has not been answered: the other side knows it, unless the line has lost it. */
  get isAwaited(): boolean {
    return this.#hasLeft && !this.#isOver;
  }

  /** Ends it, if it has not ended. */
  giveUp(reason: unknown): void {
    if (this.#early !== undefined) return this.#early(reason);
    if (this.#stopChecking === undefined) this.#job?.cancel(reason);
    else this.endChecking({ type: 'cancelled', reason, known: 'executed' });
  }

  /** Ends it while an asynchronous schema looks at its result. */
  endChecking(why: Outcome): void {
    this.#end({ ok: false, error: callError(why, this.#method, this.#host.session !== undefined) });
  }

  // Its job's operations.

  send(sending: Sending): void {
    const method = this.#method;
    const { greeting } = this.#host;
    // The list may be another than when it was made.
    const refusal = greeting?.refusal?.(method, true);
    if (refusal !== undefined) {
      const error = new VirtagentError('METHOD_NOT_FOUND', refusal);
      return sending.done({ ok: false, error, known: 'not-sent' });
    }
    const encoded = this.#frame as Uint8Array;
    const frame = greeting?.sending === undefined ? encoded : greeting.sending(this.#tag, method, encoded);
    const { transport } = this.#host;
    if (!this.#hasBegun && this.#host.isTraced)
      this.#host.trace('out', { type: 'request', tag: this.#tag, method, params: this.#params }, frame.length);
    this.#hasBegun = true;
    // While it waits for its response it needs neither.
    this.#params = undefined;
    if (!transport.takesInParts(encoded)) this.#frame = undefined;
    transport.write(frame, this.#sent(sending), this.#isNested ? 0 : encoded.length + JOB_CHARGE, this.#options.urgency === 2);
    greeting?.sent?.(this.#tag);
  }

  /** Told when the stream took it, or a part of it. Nobody asks for calls without items in between. */
  #sent({ done }: Sending): Sending['done'] {
    if (this.#extras.items === undefined) return done;
    return (completion) => {
      this.#hasLeft = isWhole(completion);
      done(completion);
    };
  }

  abort(): void {
    this.#outgoing.tellCancelled(this.#tag, this.#extras.items !== undefined);
  }

  callback(outcome: Outcome): void {
    if (this.#frame !== undefined) this.#host.transport.forget(this.#frame);
    if (this.#options.onProgress !== undefined) this.#outgoing.forgetProgress(this.#tag);
    if (this.#extras.items !== undefined) this.#outgoing.forgetItems(this.#tag);
    if (outcome.type !== 'value')
      return this.#end({ ok: false, error: callError(outcome, this.#method, this.#host.session !== undefined) });
    const checked = this.#checked(outcome.value);
    if (!isThenable(checked)) return this.#end(checked);
    const { closed } = this.#outgoing;
    if (closed !== undefined) return this.endChecking({ type: 'cancelled', reason: closed, known: 'executed' });
    this.#stopChecking = this.#outgoing.startChecking(this.#deadline, this);
    void checked.then((result) => this.#end(result));
  }

  #end(result: CallResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#watched !== undefined) this.#outgoing.unwatch(this.#watched, this);
    this.#stopChecking?.();
    this.#settle(result);
  }

  #fail(error: unknown): void {
    this.#end({ ok: false, error: asCallError(error, this.#method, 'not-sent') });
  }

  /** Throws what keeps it from being made. */
  #check(): void {
    checkCallOptions(this.#options);
    const { signal } = this.#options;
    if (signal?.aborted === true)
      throw new VirtagentError('CANCELLED', `${this.#method} was cancelled before it began`, { cause: signal.reason });
  }

  /** Gives it a tag and encodes it. */
  #prepare(params: unknown, timeoutMs: number): void {
    const { onProgress } = this.#options;
    const { session, transport } = this.#host;
    if (session === undefined && (this.#extras.items ?? this.#extras.statusOf) !== undefined)
      throw new VirtagentError('UNSUPPORTED', `${this.#host.protocol.name} has neither streamed results nor questions for a call's state`);
    const tag = this.#outgoing.nextTag();
    this.#tag = tag;
    this.#params = onProgress === undefined || session !== undefined ? params : this.#withToken(params, tag);
    this.#frame =
      session === undefined
        ? transport.codec.encode({ type: 'request', tag, method: this.#method, params: this.#params })
        : session.encode(this.#message(session, timeoutMs));
    const { items } = this.#extras;
    if (items !== undefined) this.#outgoing.expectItems(tag, items.stream, this);
    if (onProgress !== undefined) this.#outgoing.expectProgress(tag, (value) => this.#tellProgress(onProgress, value));
  }

  /** What virtagent-2 carries besides. */
  #message(session: Session, timeoutMs: number): OutgoingMessage {
    const { statusOf, items } = this.#extras;
    const tag = this.#tag;
    if (statusOf !== undefined) return { type: 'status', tag, of: statusOf };
    const { urgency, onProgress } = this.#options;
    return {
      type: 'request',
      tag,
      method: this.#method,
      params: this.#params,
      // One that is further ahead than clocks can be compared, such as Infinity, is this side's business.
      deadline: timeoutMs < CLOCK_MODULUS / 2 ? Math.ceil(session.clock + timeoutMs) : undefined,
      urgency,
      wants: items === undefined ? (onProgress === undefined ? undefined : 'progress') : items.room,
      nested: this.#isNested,
    };
  }

  /** The token of a call that wants progress, where language servers look for it. */
  #withToken(params: unknown, tag: string): unknown {
    if (!this.#host.protocol.progress) throw new VirtagentError('UNSUPPORTED', `${this.#host.protocol.name} carries no progress`);
    if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params)))
      throw new VirtagentError('INVALID_PARAMS', 'a call with onProgress needs an object for its parameters');
    return { ...params, workDoneToken: tag };
  }

  /** What a callback of the user's throws is not the line's business. */
  #tellProgress(onProgress: (value: unknown) => void, value: unknown): void {
    const failed = (error: unknown): void => this.#host.onUserError(error, this.#method);
    try {
      const told: unknown = onProgress(value);
      if (isThenable(told)) void Promise.resolve(told).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** What it comes to with that value: a promise only if its schema is asynchronous, and one that never rejects. */
  #checked(value: unknown): CallResult | Promise<CallResult> {
    const valid = (passed: unknown): CallResult => ({ ok: true, value: passed });
    // Its items were checked.
    if (this.#extras.items !== undefined) return valid(value);
    const method = this.#method;
    const schema = this.#outgoing.schemaOf(method, this.#options.result);
    if (schema === undefined) return valid(value);
    const invalid = (error: unknown): CallResult => ({ ok: false, error: error as VirtagentError });
    try {
      const checked = passing(schema, value, 'the result', method);
      return isThenable(checked) ? Promise.resolve(checked).then(valid, invalid) : valid(checked);
    } catch (error) {
      return invalid(error);
    }
  }
}

/**
 * What the other side answered, as its schema gives it back. Throws what is wrong with it as the error of its call. Returns a promise only
 * if the schema does.
 */
export function passing(schema: Schema, value: unknown, what: 'the result' | 'an item', method: string): unknown {
  const invalid = (thrown: unknown): never => {
    throw asCallError(thrown, method, 'executed', 'INVALID_RESPONSE');
  };
  try {
    const checked = validate(schema, value, 'INVALID_RESPONSE', `${what} of ${method} does not pass its schema`);
    return isThenable(checked) ? Promise.resolve(checked).then(undefined, invalid) : checked;
  } catch (thrown) {
    return invalid(thrown);
  }
}

/** Codes with which a side says that it did not run the request. */
const refusals: ReadonlySet<string> = new Set([
  'METHOD_NOT_FOUND',
  'INVALID_PARAMS',
  'INVALID_REQUEST',
  'PARSE_ERROR',
  'BUSY',
  'STOPPING',
  'EXPIRED',
]);

/** The error of a call that came to anything but a value. `marks`: whether the protocol marks what was refused. */
function callError(outcome: Outcome, method: string, marks: boolean): VirtagentError {
  return outcome.type === 'error'
    ? remoteError(outcome.error as WireError, method, marks)
    : (outcomeError(outcome, method) as VirtagentError);
}

/** The peer's error object as ours. */
function remoteError(error: WireError, method: string, marks: boolean): VirtagentError {
  const known = error.known ?? knownBy(error.code, marks);
  return new VirtagentError(error.code, oneLine(error.message), { known, method, data: error.data, remote: remoteObject(error) });
}

function knownBy(code: string, marks: boolean): Known {
  if (refusals.has(code)) return 'refused';
  // Of a request that was too large, or of a result.
  if (code === 'MESSAGE_TOO_LARGE' && !marks) return 'perhaps-executed';
  return code === 'CANCELLED' ? 'perhaps-executed' : 'executed';
}

/** Anything thrown, as the error of a call. */
export function asCallError(error: unknown, method: string, known: Known, code: keyof typeof errorTable = 'SEND_FAILED'): VirtagentError {
  if (isVirtagentError(error))
    return new VirtagentError(error.code, error.message, { known, method, data: error.data, cause: error.cause });
  return new VirtagentError(code, `${method} failed`, { known, method, cause: error });
}
