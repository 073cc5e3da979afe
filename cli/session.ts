import type { Duplex } from 'node:stream';
import { createPeer, VirtagentError, type CallOptions, type Methods, type Peer, type Role } from '../actors/index.ts';
import type { Channel } from '../transport/channels/channel.ts';
import type { ListenChannel } from '../transport/channels/listen.ts';
import { quote } from '../transport/errors.ts';
import { protocolByName, type ProtocolName } from '../transport/protocols.ts';
import { hasEndedIt, hasStopped } from '../transport/session/ends.ts';
import { durations } from '../transport/timers.ts';
import type { Inspecting } from './inspect.ts';
import { inspects } from './inspect-options.ts';
import { echoHint, FirstBytes, protocolOf, silenceHint } from './first-bytes.ts';
import { LineEcho } from './line-echo.ts';
import type { LineOptions, SpokenName } from './line-options.ts';
import type { Log } from './log.ts';
import type { Output } from './output.ts';
import { checkStdioLine } from './standard-input.ts';
import { trace } from './trace.ts';
import { watchTroubles } from './troubles.ts';

/** What runs is given this long after the first signal; whoever does not want to wait sends a second. */
export const GRACE_MS = 5000;

/** Methods of the other side that a log line names. */
const MOST_SHOWN = 20;

/** What a session is made of. */
export interface SessionOptions {
  readonly line: LineOptions;
  readonly role: Role;
  readonly methods: Methods;
  /** Whether another line is opened after one has ended. */
  readonly reopens: boolean;
  /** Whether a line that can't be opened is tried again. */
  readonly retries: boolean;
  readonly log: Log;
  readonly err: Output;
}

/** A peer on a line that the command opened, with its log. */
export class Session {
  readonly peer: Peer;
  readonly channel: Channel;
  readonly log: Log;
  /** The other side has said, in order, that it has no more to say. */
  saidAll = false;
  /** A line has been open. */
  wasOpen = false;
  /** Why the last line ended, where one of the two sides decided on it. */
  verdict: VirtagentError | undefined;
  /** What the other end said first on the line. */
  readonly first = new FirstBytes();
  /** Whether that is what this side said. */
  readonly #echo = new LineEcho();
  readonly #protocol: SpokenName;
  readonly #role: Role;
  /** The present line has been up: what it does after that is not told again. */
  #isGreeted = false;
  /** Some line has been up. */
  #wasUp = false;
  #inspecting: Inspecting | undefined;

  private constructor({ role, line, methods, log, err, reopens, retries }: SessionOptions) {
    this.channel = line.channel;
    this.log = log;
    this.#role = role;
    this.#protocol = line.protocol;
    this.peer = createPeer({
      channel: watched(line.channel, reopens, (opened) => this.#echo.watch(this.first.watch(opened))),
      protocol: line.protocol,
      reliable: line.reliable,
      role,
      methods,
      retries,
      onError: (error, method) => log.warn('handler-failed', `${quote(method)} failed: ${reasonText(error)}`, { method }),
    });
    trace(this.peer, err, line.trace);
    watchTroubles(this.peer, log);
    line.warnings$?.subscribe(({ message }) => log.warn('channel', message));
    this.peer.link$.subscribe(({ state, reason }) => this.#moved(state, reason, retries));
  }

  /** Rejects with CHANNEL_ errors where listening fails; those of connecting end the session. */
  static async open(options: SessionOptions): Promise<Session> {
    const { log, line, role } = options;
    if (line.channelName === 'stdio') checkStdioLine();
    const inspecting = await startInspecting(line, log);
    let session: Session | undefined;
    try {
      await Session.#listen(options);
      const methods = { ...options.methods, ...inspecting?.methods };
      session = new Session({ ...options, methods });
      session.#inspecting = inspecting;
      inspecting?.attach({ peer: session.peer, role, line: line.channel.name });
      return session;
    } catch (error) {
      session?.peer.close();
      await Promise.all([line.channel.close(), inspecting?.end()]);
      throw error;
    }
  }

  static async #listen(options: SessionOptions): Promise<void> {
    const { channel } = options.line;
    if (isListening(channel)) {
      await channel.listen();
      options.log.info('listening', `listening: ${channel.name}`, { channel: channel.name });
    } else {
      options.log.info('connecting', `opening ${channel.name}`, { channel: channel.name });
    }
  }

  /** Calls the other side. After the line has ended that is what it says, and not that this peer has ended with it. */
  async call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    try {
      return await this.peer.call(method, params, options);
    } catch (error) {
      if (!(error instanceof VirtagentError) || error.code !== 'STOPPED') throw error;
      throw new VirtagentError('LINE_LOST', `${method}: the line was lost`, { known: 'not-sent', method, cause: error });
    }
  }

  /** What is spoken, once it is known. Rejects as a call would: nothing was sent. */
  async protocol({ timeoutMs = durations.callTimeout, signal }: Pick<CallOptions, 'timeoutMs' | 'signal'>): Promise<ProtocolName> {
    if (this.#protocol !== 'auto') return this.#protocol;
    const given = new AbortController();
    const timer = setTimeout(() => given.abort(notFoundOut('TIMEOUT', 'it was not found out in time')), timeoutMs);
    const until = AbortSignal.any([given.signal, ...(signal === undefined ? [] : [signal])]);
    try {
      await Promise.race([
        this.peer.ready(),
        new Promise((_resolve, reject) => until.addEventListener('abort', () => reject(until.reason as Error), { once: true })),
      ]);
    } catch (error) {
      if (signal?.aborted === true) throw notFoundOut('CANCELLED', 'it was cancelled before it was known');
      throw error instanceof VirtagentError && error.code === 'TIMEOUT' ? error : endError(error);
    } finally {
      clearTimeout(timer);
    }
    return this.peer.protocol as ProtocolName;
  }

  /** Resolves when the link has ended for good, with why. */
  ended(): Promise<unknown> {
    return this.peer.ended();
  }

  /** The other end has said something, whatever it was. */
  get hasHeard(): boolean {
    return this.first.bytes.length > 0;
  }

  /** What the other end said first is of QEMU's monitor. */
  get isMonitor(): boolean {
    return protocolOf(this.first.bytes) === 'qmp';
  }

  /** What the other end's first words say about a call that has had no answer. */
  get silence(): string | undefined {
    const { bytes } = this.first;
    if (this.#echo.isHeard) return echoHint(bytes);
    const hint = silenceHint(bytes, this.peer.protocol ?? 'auto');
    return !this.#hasAnswered || hint?.includes('--protocol ') === true ? hint : undefined;
  }

  /** In its protocol: with a message, or a greeting. */
  get #hasAnswered(): boolean {
    const { counters, protocol } = this.peer;
    if (counters.messagesIn > 0) return true;
    // A line that has been up was greeted, where there is a greeting.
    return this.#wasUp && protocol !== undefined && protocolByName(protocol).greeting !== 'none';
  }

  /** Finishes what runs, for `graceMs` at most, and lets go of everything. */
  async end(graceMs: number): Promise<void> {
    const cut = setTimeout(() => this.peer.close(), graceMs);
    await this.peer.stop();
    clearTimeout(cut);
    await this.channel.close();
    await this.endInspecting();
  }

  /** Tells viewers that it is over, and writes what is recorded. */
  async endInspecting(): Promise<void> {
    await this.#inspecting?.end();
  }

  /** What looks at it, where anything does. */
  get inspecting(): Inspecting | undefined {
    return this.#inspecting;
  }

  #moved(state: Peer['link'], reason: unknown, retries: boolean): void {
    const channel = this.channel.name;
    if (state === 'down') this.#isGreeted = false;
    // A line that is greeted anew (qemu-ga, after a deadline) is the same line.
    if (this.#isGreeted && (state === 'greeting' || state === 'up')) return;
    this.#isGreeted = state === 'up';
    this.#wasUp ||= this.#isGreeted;
    if (state === 'greeting') {
      this.wasOpen = true;
      this.log.info('connected', `connected: ${channel}`, { channel });
    } else if (state === 'up' && this.#role === 'host') {
      const { protocol } = this.peer;
      const found = this.#protocol === 'auto' ? `, ${protocol}` : '';
      this.log.info('ready', `ready${found}${this.#remote()}`, { protocol, methods: this.peer.remoteMethods?.slice(0, MOST_SHOWN) });
    } else if (state === 'finishing') {
      this.saidAll = true;
    } else if (state === 'down') {
      this.verdict =
        reason instanceof VirtagentError && (reason.code !== 'LINE_LOST' || reason.message.startsWith(hasEndedIt)) ? reason : undefined;
      // With virtagent-2 that is said before the line ends.
      if (this.channel.halfOpen === true && reason instanceof VirtagentError && reason.message === hasStopped) this.saidAll = true;
      this.log.info('left', `the line ended: ${reasonText(reason)}`, { reason: reasonText(reason) });
    } else if (state === 'waiting' && retries && reason instanceof VirtagentError && reason.code.startsWith('CHANNEL_')) {
      this.log.info('retrying', `trying again: ${reasonText(reason)}`, { reason: reasonText(reason) });
    }
  }

  #remote(): string {
    const methods = this.peer.remoteMethods;
    if (methods === undefined) return '';
    const more = methods.length - MOST_SHOWN;
    return `: the guest has ${methods.slice(0, MOST_SHOWN).map(plainName).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
}

/** It is loaded only where it is asked for: who does not ask starts as fast as ever. */
async function startInspecting({ inspect = {} }: LineOptions, log: Log): Promise<Inspecting | undefined> {
  if (!inspects(inspect)) return undefined;
  const { Inspecting } = await import('./inspect.ts');
  return Inspecting.start(inspect, log);
}

function notFoundOut(code: 'TIMEOUT' | 'CANCELLED', why: string): VirtagentError {
  return new VirtagentError(code, `what the guest speaks: ${why}`, { known: 'not-sent' });
}

/** Why a line ended, for one line of text. */
export function reasonText(reason: unknown): string {
  if (reason === undefined) return 'it was closed here';
  return reason instanceof Error ? reason.message : quote(reason);
}

/** Why there is no line, as an error: a call that fails with the line knows only that. */
export function lineError(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause as unknown) {
    if (!(at instanceof VirtagentError)) continue;
    if (at.code.startsWith('CHANNEL_')) return at;
    if (at.code === 'PROTOCOL_MISMATCH') return withKnown(at, error);
  }
  return error;
}

/** What ended the line, with what is known of the call that it ended. */
function withKnown(reason: VirtagentError, error: unknown): VirtagentError {
  if (reason.known !== undefined || !(error instanceof VirtagentError)) return reason;
  const { code, message, data } = reason;
  return new VirtagentError(code, message, { known: error.known, method: error.method, data, cause: reason });
}

/** The reason of a link's end, as an error that has an exit code. */
export function endError(reason: unknown): VirtagentError {
  const known = lineError(reason);
  if (known instanceof VirtagentError) return known;
  return new VirtagentError('LINE_LOST', `the line was lost: ${reasonText(reason)}`, { cause: reason });
}

function plainName(name: string): string {
  return /^[\w.-]{1,60}$/.test(name) ? name : quote(name, 60);
}

function isListening(channel: Channel): channel is ListenChannel<unknown> {
  return 'listen' in channel;
}

/** The channel as the peer has it: looked at, and for those who end with its first line one that does not open again. */
function watched(channel: Channel, reopens: boolean, watch: (line: Duplex) => Duplex): Channel {
  return {
    get name() {
      return channel.name;
    },
    reopens: channel.reopens && reopens,
    halfOpen: channel.halfOpen ?? false,
    lossy: channel.lossy ?? false,
    open: async (signal) => watch(await channel.open(signal)),
    close: () => channel.close(),
  };
}
