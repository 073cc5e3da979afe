import type { NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs/internal/Observable';
import { Subject } from 'rxjs/internal/Subject';
import { quote, VirtagentError } from '../errors.ts';
import { durations, Timers, type Clock, type Timer } from '../timers.ts';
import { bounds } from './bounds.ts';
import { connectSocket } from './connect.ts';
import { channelError } from './explain.ts';
import { QmpLines } from './qmp-lines.ts';
import { mustFit, socketPath } from './socket-path.ts';
import { checkedTcp, shownTcp } from './tcp.ts';

/** Where a QMP monitor listens: a unix socket, or a TCP port (of 127.0.0.1 unless told). */
export type QmpAddress = { readonly path: string } | { readonly host?: string; readonly port: number };

/** Something that QEMU tells unasked, such as `VSERPORT_CHANGE`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** How a monitor is connected to. */
export interface QmpOptions {
  readonly clock?: Clock | undefined;
}

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: VirtagentError) => void;
  readonly timer: Timer;
}

/**
 * Connects to the QMP monitor of a QEMU and negotiates, for 5 s at most once it is connected. Rejects with a VirtagentError
 * of the CHANNEL_ codes, or with the signal's reason.
 */
export async function connectQmp(address: QmpAddress, signal: AbortSignal, options: QmpOptions = {}): Promise<Qmp> {
  const { name, to } = qmpTarget(address);
  let socket: Duplex;
  try {
    socket = await connectSocket(to, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw channelError(name, error);
  }
  const qmp = new Qmp(name, socket, options.clock);
  const abort = (): void => qmp.close();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await qmp._ready;
    return qmp;
  } catch (error) {
    qmp.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The address, checked, and how messages show it. Throws INVALID_OPTION and CHANNEL_UNUSABLE. */
export function qmpTarget(address: QmpAddress): { readonly name: string; readonly to: NetConnectOpts } {
  if ('path' in address) {
    const where = socketPath(address.path);
    const name = `QMP at ${where.shown}`;
    mustFit(name, where);
    return { name, to: { path: where.address } };
  }
  const { host, port } = checkedTcp(address, 1);
  return { name: `QMP at ${shownTcp(host, port)}`, to: { host, port } };
}

/**
 * A session with QEMU's monitor: commands with their answers, and its events. What QEMU says is bounded (a line has at most
 * 4 MiB); a monitor that breaks the protocol, or ends, ends the session and every command that is out.
 */
export class Qmp {
  /** As messages show it. */
  readonly name: string;
  /** Each event from now on; completes when the session ends. */
  readonly events$: Observable<QmpEvent>;
  /** Resolves when the session has ended, whoever ended it; `reason` says why. */
  readonly closed: Promise<void>;
  /** @internal Settles when commands may be given. */
  readonly _ready: Promise<void>;
  readonly #socket: Duplex;
  readonly #timers: Timers;
  readonly #lines = new QmpLines(bounds.qmpLineBytes);
  readonly #events = new Subject<QmpEvent>();
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #reason: VirtagentError | undefined;
  #settleReady: { resolve: () => void; reject: (error: VirtagentError) => void } | undefined;
  #isGreeted = false;
  #isReady = false;
  /** Until commands may be given. */
  #greeting: Timer | undefined;
  #onClosed: () => void = () => {};

  /** @internal Use {@link connectQmp}. */
  constructor(name: string, socket: Duplex, clock?: Clock) {
    this.name = name;
    this.#socket = socket;
    this.#timers = new Timers(clock);
    this.events$ = this.#events.asObservable();
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
    this._ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    this._ready.catch(() => {});
    this.#greeting = this.#timers.start(bounds.qmpGreetingMs, () => this.#silent());
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#end(this.#lost(error.message, error)));
    socket.on('end', () => this.#end(this.#lost('QEMU closed it')));
    socket.on('close', () => this.#end(this.#lost('it was closed')));
  }

  /** Why the session ended; undefined while it has not. */
  get reason(): VirtagentError | undefined {
    return this.#reason;
  }

  /**
   * Runs one command and gives its `return`. Rejects with REMOTE_ERROR (`data.class` is QMP's error class), METHOD_NOT_FOUND,
   * LINE_LOST, TIMEOUT after 60 s, or QUEUE_FULL where 64 have no answer yet.
   */
  execute(command: string, args?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refuse = (error: VirtagentError): void => reject(error);
      if (this.#reason !== undefined) return refuse(this.#lostCall(command, 'not-sent'));
      if (this.#pending.size >= bounds.qmpPending) {
        const message = `${this.name}: ${bounds.qmpPending} commands have no answer yet; ${quote(command)} was not sent`;
        return refuse(new VirtagentError('QUEUE_FULL', message, { known: 'not-sent', method: command }));
      }
      const id = ++this.#lastId;
      const timer = this.#timers.start(durations.callTimeout, () => {
        this.#pending.delete(id);
        const message = `${this.name}: ${quote(command)} had no answer within ${durations.callTimeout / 1000} s`;
        reject(new VirtagentError('TIMEOUT', message, { known: 'perhaps-executed', method: command }));
      });
      this.#pending.set(id, { command, resolve, reject, timer });
      this.#socket.write(`${JSON.stringify({ execute: command, ...(args === undefined ? {} : { arguments: args }), id })}\n`);
    });
  }

  /** Ends the session: what is out ends with LINE_LOST. May be called twice. */
  close(): void {
    this.#end(this.#lost('it was closed here'));
  }

  #take(chunk: Buffer): void {
    const isSound = this.#lines.push(chunk, (line) => {
      this.#line(line);
      return this.#reason === undefined;
    });
    if (!isSound) this.#end(this.#broken(`a line of more than ${bounds.qmpLineBytes} bytes`));
  }

  #line(line: string): void {
    let said: unknown;
    try {
      said = JSON.parse(line);
    } catch {
      said = undefined;
    }
    if (!isRecord(said)) return this.#end(this.#broken(`what came is no JSON object on one line: ${quote(line, 60)}`));
    if (!this.#isGreeted) this.#greet(said);
    else if (typeof said['event'] === 'string')
      this.#events.next({ event: said['event'], data: isRecord(said['data']) ? said['data'] : {} });
    else this.#answer(said);
  }

  #greet(said: Record<string, unknown>): void {
    if (!('QMP' in said)) return this.#end(this.#broken(`it opens with ${quote(said, 60)}, not with a QMP greeting`));
    this.#isGreeted = true;
    this.execute('qmp_capabilities').then(
      () => {
        this.#timers.cancel(this.#greeting);
        this.#isReady = true;
        this.#settleReady?.resolve();
      },
      (error: VirtagentError) => this.#end(this.#broken(`it refuses to negotiate: ${error.message}`)),
    );
  }

  #answer(said: Record<string, unknown>): void {
    const id = said['id'];
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    // An answer to nothing: to a command that timed out, or made up.
    if (pending === undefined) return;
    this.#pending.delete(id as number);
    this.#timers.cancel(pending.timer);
    if ('return' in said) pending.resolve(said['return']);
    else pending.reject(this.#refusal(pending.command, said['error']));
  }

  #refusal(command: string, error: unknown): VirtagentError {
    const { class: kind, desc } = isRecord(error) ? error : {};
    const code = kind === 'CommandNotFound' ? 'METHOD_NOT_FOUND' : 'REMOTE_ERROR';
    const message = `${this.name}: ${quote(command)}: ${quote(typeof desc === 'string' ? desc : error, 300)}`;
    return new VirtagentError(code, message, {
      known: code === 'METHOD_NOT_FOUND' ? 'refused' : 'executed',
      method: command,
      data: { class: kind, desc },
    });
  }

  /** A monitor serves one client at a time; another is connected, and hears nothing. */
  #silent(): void {
    if (this.#isGreeted) return this.#end(this.#lost(`it greets, and has not negotiated within ${bounds.qmpGreetingMs / 1000} s`));
    const text = `no greeting within ${bounds.qmpGreetingMs / 1000} s: a monitor serves one program at a time, and another seems to hold it`;
    this.#end(new VirtagentError('CHANNEL_IN_USE', `${this.name}: ${text}`));
  }

  #end(reason: VirtagentError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#timers.clear();
    this.#socket.destroy();
    this.#settleReady?.reject(reason);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { command, reject } of pending) reject(this.#lostCall(command, 'perhaps-executed'));
    this.#events.complete();
    this.#onClosed();
  }

  #lostCall(command: string, known: 'not-sent' | 'perhaps-executed'): VirtagentError {
    const message = `${quote(command)} has no answer: ${this.#reason?.message ?? this.name}`;
    return new VirtagentError('LINE_LOST', message, { known, method: command, cause: this.#reason });
  }

  #lost(text: string, cause?: unknown): VirtagentError {
    return new VirtagentError(this.#isReady ? 'LINE_LOST' : 'CHANNEL_FAILED', `${this.name}: ${text}`, { cause });
  }

  #broken(text: string): VirtagentError {
    return new VirtagentError('CHANNEL_UNUSABLE', `${this.name} is no QMP monitor (or has pretty=on): ${text}`);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
