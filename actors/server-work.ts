import type { Completion } from '../machines/job.ts';
import { isVirtagentError, quote, VirtagentError } from '../transport/errors.ts';
import type { Answer, NotificationMessage, RequestMessage, Tag } from '../transport/messages.ts';
import { answerOf, cutToFit, isOurTrouble, textOf } from './answers.ts';
import { JOB_CHARGE } from './call.ts';
import { widened, type StreamRoom } from './call-stream.ts';
import { HandlerContextOf } from './handler-context.ts';
import { ItemSender } from './item-sender.ts';
import { isStream, itemsOf, leave } from './item-source.ts';
import { InOrder } from './in-order.ts';
import type { Incoming, IncomingHost } from './incoming.ts';
import type { Execution, Operations, Sending } from './kinds.ts';
import type { Job } from './manager.ts';
import type { KnownOfCall, MethodDefinition } from './methods.ts';
import { NestedCalls } from './nested-calls.ts';
import { unattended, type NoticeOptions } from './outgoing.ts';
import { isThenable, validate, type Schema } from './schema.ts';

/** What asks for something to be run. */
export type Asked = (RequestMessage | NotificationMessage) & { readonly bytes: number };

/** One server job's operations: runs the handler, writes the answer. */
export class ServerWork implements Operations {
  isOver = false;
  onOver: (() => void) | undefined;
  job: Job | undefined;
  readonly #incoming: Incoming;
  readonly #host: IncomingHost;
  readonly #message: Asked;
  #nested: NestedCalls | undefined;
  #items: ItemSender | undefined;
  /** What the reader of its items allows before there are any; undefined of who wants none. */
  #room: StreamRoom | undefined;
  /** The answer as it will be written, and what it was made of. */
  #answer: { readonly completion: Completion; readonly frame: Uint8Array } | undefined;
  #owed = 0;
  #hasBegun = false;
  #aborted = false;
  #hasStarted = false;
  #returned = false;
  /** It counts against what the other side may have waiting here (virtagent-2), in the session of that number. */
  #isWaiting: boolean;
  /** It counts against what may run, in the same session. */
  #isRunning = false;
  readonly #session: number;
  /** When the caller stops to wait, by the manager's clock. */
  readonly #deadline: number;
  /** Progress values, in their order. */
  #told: InOrder | undefined;
  /** Those and items that are not on the line yet, and what waits for them. */
  #unsent = 0;
  #whenSent: (() => void) | undefined;

  constructor(incoming: Incoming, host: IncomingHost, message: Asked) {
    this.#incoming = incoming;
    this.#host = host;
    this.#message = message;
    this.#room = message.type === 'request' && typeof message.wants === 'object' ? message.wants : undefined;
    const { session } = host;
    this.#session = session?.number ?? 0;
    this.#isWaiting = session !== undefined && (message.type === 'notification' || message.nested !== true);
    const remainingMs = message.type === 'request' ? message.remainingMs : undefined;
    this.#deadline = remainingMs === undefined ? Infinity : host.manager.timers.clock.now() + remainingMs;
  }

  /** It no longer waits: the other side may send another. */
  release(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#host.session?.release(this.#message.bytes, this.#session);
  }

  #begin(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#isRunning = true;
    this.#host.session?.runs(this.#message.bytes, this.#session);
  }

  /** It is over and its handler has returned: until both it is in the manager's queue. */
  #end(): void {
    if (!this.#isRunning || !this.isOver || !this.#returned) return;
    this.#isRunning = false;
    this.#host.session?.ran(this.#message.bytes, this.#session);
  }

  get isNotification(): boolean {
    return this.#message.type === 'notification';
  }

  get tag(): Tag {
    return this.#message.type === 'request' ? this.#message.tag : undefined;
  }

  /** Whether its caller reads a stream. */
  get wantsItems(): boolean {
    return this.#room !== undefined;
  }

  get status(): KnownOfCall['status'] {
    if (this.#returned || this.#aborted) return 'answered';
    return this.#hasStarted ? 'running' : 'queued';
  }

  /** How many items have left, to who wants them. */
  get itemsLeft(): number | undefined {
    return this.wantsItems ? (this.#items?.left ?? 0) : undefined;
  }

  get protocol(): string {
    return this.#host.protocol.name;
  }

  /** Milliseconds that the caller still waits, if it said so. */
  get remainingMs(): number | undefined {
    return this.#deadline === Infinity ? undefined : Math.max(0, this.#deadline - this.#host.manager.timers.clock.now());
  }

  execute(execution: Execution): void {
    this.#hasStarted = true;
    this.#begin();
    const { method, params } = this.#message;
    const definition = this.#host.methodNamed(method);
    if (definition === undefined) {
      if (this.#message.type === 'notification') this.#host.onUnclaimed();
      return this.#finish(execution, { ok: false, error: new VirtagentError('METHOD_NOT_FOUND', `there is no method ${quote(method)}`) });
    }
    try {
      const result = this.#run(definition, params, execution);
      if (result instanceof Promise) void this.#finishLater(execution, definition, result);
      else this.#finishWith(execution, definition, result);
    } catch (error) {
      this.#finish(execution, { ok: false, error });
    }
  }

  resume(): void {
    this.#nested?.deliver();
    this.#items?.resume();
  }

  /** The reader of its items has room for more. */
  more(items: number, bytes: number): void {
    if (this.#items !== undefined) this.#items.more(items, bytes);
    else if (this.#room !== undefined) this.#room = widened(this.#room, items, bytes);
  }

  abort(): void {
    this.#aborted = true;
    this.#told?.end();
    this.#items?.abandon();
    this.#nested?.abandon();
  }

  send(sending: Sending): void {
    const completion = sending.value as Completion;
    const frame = this.#frameOf(completion);
    const { tag, urgency } = this.#message as RequestMessage;
    if (!this.#hasBegun && this.#host.isTraced)
      this.#host.trace('out', { type: 'response', tag, answer: answerOf(completion) }, frame.length);
    this.#hasBegun = true;
    this.#host.transport.write(frame, sending.done, 0, urgency === 2);
  }

  callback(): void {
    this.isOver = true;
    this.release();
    this.#told?.end();
    this.#items?.abandon();
    const { transport } = this.#host;
    const frame = this.#answer?.frame;
    if (frame !== undefined && transport.takesInParts(frame)) transport.forget(frame);
    // Also of nothing: a line that the peer has ended is done with once no job is left.
    this.#incoming.owe(-this.#owed);
    this.#nested?.abandon();
    this.#end();
    this.onOver?.();
  }

  /** Parameters checked, handler run, result checked: in one turn unless one of them is asynchronous. */
  #run(definition: MethodDefinition, params: unknown, execution: Execution): unknown {
    const { method } = this.#message;
    const handle = (checked: unknown): unknown => {
      // Given up while a schema looked at the parameters: it has not begun, and does not.
      if (this.#aborted) throw execution.signal.reason;
      const result = definition.handle(checked, new HandlerContextOf(this, this.#message.method, execution));
      // The items of a stream are checked one by one.
      if (definition.result === undefined || isStream(result)) return result;
      const schema = definition.result;
      const check = (value: unknown): unknown =>
        validate(schema, value, 'INVALID_RESPONSE', `the result of ${method} does not pass its schema`);
      return isThenable(result) ? Promise.resolve(result).then(check) : check(result);
    };
    const checked =
      definition.params === undefined
        ? params
        : validate(definition.params, params, 'INVALID_PARAMS', `the parameters of ${method} do not pass its schema`);
    const result = isThenable(checked) ? Promise.resolve(checked).then(handle) : handle(checked);
    return isThenable(result) ? Promise.resolve(result) : result;
  }

  async #finishLater(execution: Execution, definition: MethodDefinition, result: Promise<unknown>): Promise<void> {
    try {
      this.#finishWith(execution, definition, await result);
    } catch (error) {
      this.#finish(execution, { ok: false, error });
    }
  }

  /** The handler has returned: a result, or what its items are read from. Throws where those can't be read, or aren't wanted. */
  #finishWith(execution: Execution, definition: MethodDefinition, result: unknown): void {
    if (!isStream(result)) return this.#finish(execution, { ok: true, value: result });
    if (this.#room === undefined || this.#aborted || this.isOver) {
      leave(result);
      throw new VirtagentError('UNSUPPORTED', `${quote(this.#message.method)} streams its result: call it with stream()`);
    }
    const options = this.#itemOptions;
    this.#items = new ItemSender(itemsOf(result), this.#room, execution, {
      timers: this.#host.manager.timers,
      isParked: () => this.#nested?.isParked === true,
      check: (value) => (definition.result === undefined ? value : this.#checkItem(definition.result, value)),
      say: (value, at, sent) => this.#sayItem(value, at, sent, options),
      finish: (completion) => this.#finish(execution, completion),
    });
    this.#items.start();
  }

  #checkItem(schema: Schema, value: unknown): unknown {
    return validate(schema, value, 'INVALID_RESPONSE', `an item of ${this.#message.method} does not pass its schema`);
  }

  #sayItem(value: unknown, at: number, sent: () => void, options: NoticeOptions): number {
    this.#unsent++;
    const { tag } = this.#message as RequestMessage;
    return this.#incoming.say(
      { type: 'item', tag: tag as string, at, value },
      () => {
        sent();
        this.#hasLeft();
      },
      options,
    );
  }

  /** A progress value, or an item, is on the line. */
  #hasLeft(): void {
    if (--this.#unsent === 0) this.#whenSent?.();
  }

  get #itemOptions(): NoticeOptions {
    const { method, urgency = 1 } = this.#message as RequestMessage;
    return {
      urgency,
      unwritable: (error) => {
        this.#unsent--;
        const unsendable = unsendableError('an item', error);
        // What is its caller's business too would be told to nobody here.
        if (!isOurTrouble(unsendable)) this.#host.onUserError(unsendable, method);
        throw unsendable;
      },
    };
  }

  #finish(execution: Execution, completion: Completion): void {
    this.#returned = true;
    if (this.#unsent > 0) {
      this.#whenSent = () => this.#finish(execution, completion);
      return;
    }
    // After an abort nobody waits, and handlers are free to throw the signal's reason.
    if (!completion.ok && !this.#aborted && isOurTrouble(completion.error)) this.#host.onUserError(completion.error, this.#message.method);
    this.#nested?.abandon();
    // After an abort the answer is another one: the cancelled error.
    if (this.#message.type === 'request' && !this.isOver && !this.#aborted) this.#frameOf(completion);
    execution.done(completion);
    this.#end();
  }

  /** The answer's frame, made once; from then on it is owed. */
  #frameOf(completion: Completion): Uint8Array {
    if (this.#answer?.completion !== completion) {
      this.#answer = { completion, frame: this.#encode(completion) };
      const owed = this.#answer.frame.length + JOB_CHARGE;
      this.#incoming.owe(owed - this.#owed);
      this.#owed = owed;
    }
    return this.#answer.frame;
  }

  /** The answer's frame; what can't be written is answered with an error that says so. */
  #encode(completion: Completion): Uint8Array {
    const { tag, method } = this.#message as RequestMessage;
    const { codec } = this.#host.transport;
    const encode = (answer: Answer): Uint8Array => codec.encode({ type: 'response', tag, answer, items: this.#itemsSent });
    const answer = answerOf(completion);
    try {
      return encode(answer);
    } catch (error) {
      this.#host.onUserError(error, method);
      const tooLong = isVirtagentError(error) && error.code === 'MESSAGE_TOO_LARGE' && !answer.ok;
      const cut = tooLong ? cutToFit(answer.error, (short) => encode({ ok: false, error: short })) : undefined;
      const unsendable = unsendableError('the result of the method', error);
      return cut ?? codec.encode({ type: 'response', tag, answer: answerOf({ ok: false, error: unsendable }) });
    }
  }

  /** How many items came before the answer, to who wants them. */
  get #itemsSent(): number | undefined {
    return this.wantsItems ? (this.#items?.count ?? 0) : undefined;
  }

  /** The calls back to the peer. */
  nestedOf(execution: Execution): NestedCalls {
    this.#nested ??= new NestedCalls(this.#host.outgoing, execution, this.#host.maxNestedCalls);
    // The job is over, or answered: an answer to the handler would wait for a slot that it never gets.
    if (this.#returned || this.#aborted || this.isOver) this.#nested.abandon();
    return this.#nested;
  }

  notify(name: string, params: unknown): Promise<void> {
    const sent = new Promise<void>((resolve, reject) =>
      this.#host.outgoing.notify(name, params, (error) => (error === undefined ? resolve() : reject(error))),
    );
    return unattended(sent);
  }

  /** What ties a progress value to its request: its tag (virtagent-2), or what its parameters name. */
  get #progressToken(): unknown {
    const message = this.#message;
    if (this.#host.session === undefined) return (message.params as { workDoneToken?: unknown } | undefined)?.workDoneToken;
    return message.type === 'request' && message.wants === 'progress' ? message.tag : undefined;
  }

  progress(value: unknown): boolean {
    const token = this.#progressToken;
    if (!this.#host.protocol.progress || (typeof token !== 'string' && typeof token !== 'number')) return false;
    if (this.isOver || this.#returned || this.#aborted || this.#incoming.owesTooMuch) return false;
    this.#unsent++;
    const sent = (): void => this.#hasLeft();
    const unwritable = (error: unknown): void => {
      this.#host.onUserError(error, this.#message.method);
      sent();
    };
    return this.#incoming.say({ type: 'progress', token, value }, sent, { order: (this.#told ??= new InOrder()), unwritable }) > 0;
  }
}

/** What the caller is told of something that can't be written. */
function unsendableError(what: string, error: unknown): VirtagentError {
  const code = isVirtagentError(error) && error.code === 'MESSAGE_TOO_LARGE' ? error.code : 'HANDLER_FAILED';
  return new VirtagentError(code, `${what} can not be sent: ${textOf(error)}`, { cause: error });
}
