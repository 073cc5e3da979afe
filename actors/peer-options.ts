import type { Duplex } from 'node:stream';
import type { ManagerLimits } from '../machines/manager-context.ts';
import type { Channel } from '../transport/channels/channel.ts';
import { streamChannel } from '../transport/channels/stream.ts';
import { own } from '../transport/codecs/virtagent-2-words.ts';
import { invalidOption } from '../transport/errors.ts';
import { checkV2Limits, limitsFrom, type Limits } from '../transport/limits.ts';
import { checkFunctions, checkNames, optionNames } from '../transport/option-names.ts';
import { protocolByName, protocolNames, type Protocol, type ProtocolName } from '../transport/protocols.ts';
import { secureRandom } from '../transport/random.ts';
import { durations, type Clock } from '../transport/timers.ts';
import { limitNames, managerLimits } from './manager-options.ts';
import { checkMethods } from './method-checks.ts';
import type { Methods } from './methods.ts';
import { checkSchema, type Schema } from './schema.ts';
import type { Role } from './v7-greeting.ts';

/** Options of a peer: `input` where an app invokes it, the argument of `createPeer` elsewhere. */
export interface PeerOptions extends Partial<Omit<ManagerLimits, 'credits'>> {
  /** The line: any Node Duplex. It is the peer's from then on. Give this or `channel`. */
  readonly stream?: Duplex | undefined;
  /** Where lines come from, if there can be more than one. */
  readonly channel?: Channel | undefined;
  /**
   * What is spoken on the line; default `virtagent-2`. `auto`, for the host's side: it listens, asks, and goes on with what the other
   * side answers.
   */
  readonly protocol?: ProtocolName | 'auto' | undefined;
  /**
   * Which end of a `virtagent-v7` line this is; without one the line has no greeting. `jsonrpc-*` have no roles, `qemu-ga` has the
   * host's only.
   */
  readonly role?: Role | undefined;
  /** What the other side may call: functions, or definitions with schemas, that the object has itself; what it inherits is not called. */
  readonly methods?: Methods | undefined;
  /** Schemas that results of the other side's methods must pass, by method. */
  readonly results?: Readonly<Record<string, Schema>> | undefined;
  /** Default deadline of a call in milliseconds, over everything; default 60,000, Infinity for none. */
  readonly timeoutMs?: number | undefined;
  /** Calls back to the peer that one handler may have in flight; default 64. */
  readonly maxNestedCalls?: number | undefined;
  /** Bytes of answers that the peer may leave unread before we stop reading it; default 16 MiB. */
  readonly maxOwedBytes?: number | undefined;
  /** Milliseconds of that after which the link ends; default 10,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** Caps of the decoder, in place of the protocol's. With virtagent-2 and `auto` each has a least value. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * virtagent-2: whether what the line loses or damages is sent again; default: what the channel says of itself (isa-serial does). One
   * side is enough.
   */
  readonly reliable?: boolean | undefined;
  /** virtagent-2: milliseconds that a session is kept without a line, so that the next resumes it; default 30,000; the lower of both sides'. */
  readonly keepMs?: number | undefined;
  /** virtagent-2: milliseconds of silence after which the other side is asked; after twice as many the line is given up. Default 5,000. */
  readonly heartbeatMs?: number | undefined;
  /** Whether a line that can't be opened is tried again, with growing pauses; default false. */
  readonly retries?: boolean | undefined;
  /** Where time comes from; default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * A number from 0 up to 1, and not 1 itself: for tags, for what sessions and lines are known by, and for the spread of pauses; default:
   * the operating system's generator. Never the same numbers for two peers: each would take the other for its echo. `createPeer` throws
   * what is wrong with it; what fails later is told to `onError`.
   */
  readonly random?: (() => number) | undefined;
  /**
   * Whether charts are run by XState's interpreter; default false: they are run on tables compiled from them, which differs in
   * nothing but speed.
   */
  readonly interpretCharts?: boolean | undefined;
  /** Told of what a handler or an observer threw, and of answers and progress that could not be sent. */
  readonly onError?: ((error: unknown, method: string) => void) | undefined;
}

/** Options after defaults and checks. */
export interface CheckedPeerOptions {
  /** Makes the channel; called once. */
  readonly createChannel: () => Channel;
  readonly protocol: Protocol;
  /** With `auto`: the options when it is known which protocol it is. Until then `protocol` is only a placeholder. */
  readonly detected: ((protocol: ProtocolName) => CheckedPeerOptions) | undefined;
  readonly codecLimits: Limits;
  readonly role: Role | undefined;
  readonly methods: Methods;
  readonly results: Readonly<Record<string, Schema>>;
  readonly timeoutMs: number;
  readonly maxNestedCalls: number;
  readonly maxOwedBytes: number;
  readonly stallTimeoutMs: number;
  readonly reliable: boolean;
  readonly keepMs: number;
  readonly heartbeatMs: number;
  readonly retries: boolean;
  readonly interpretCharts: boolean;
  readonly clock: Clock | undefined;
  readonly random: () => number;
  readonly onError: ((error: unknown, method: string) => void) | undefined;
  readonly managerLimits: ManagerLimits;
}

const MiB = 1024 * 1024;

const names = optionNames<PeerOptions>({
  ...limitNames,
  stream: true,
  channel: true,
  protocol: true,
  role: true,
  methods: true,
  results: true,
  timeoutMs: true,
  maxNestedCalls: true,
  maxOwedBytes: true,
  stallTimeoutMs: true,
  limits: true,
  reliable: true,
  keepMs: true,
  heartbeatMs: true,
  retries: true,
  interpretCharts: true,
  clock: true,
  random: true,
  onError: true,
});

/** Options with defaults, or INVALID_OPTION naming the option, its value and what is allowed. */
export function checkPeerOptions(options: PeerOptions): CheckedPeerOptions {
  checkIsObject(options);
  checkNames('options', options, names);
  const { stream, channel, role, methods = {}, results = {}, clock, onError } = options;
  if ((stream === undefined) === (channel === undefined))
    invalidOption('stream', stream && 'given with channel', 'a Duplex, or leave it out and give channel');
  if (stream !== undefined) checkStream(stream);
  if (channel !== undefined && typeof channel?.open !== 'function')
    invalidOption('channel', channel, 'a channel, such as unixConnect(path)');
  if (role !== undefined && role !== 'host' && role !== 'guest') invalidOption('role', role, 'host or guest');
  const isAuto = options.protocol === 'auto';
  if (isAuto && role === 'guest')
    invalidOption('role', role, 'host, or nothing, with the protocol auto: a guest is asked, and has one protocol');
  const protocol = protocolNamed(options.protocol);
  checkMethods(methods, protocol.greeting === 'session' ? own.prefix : undefined);
  object('results', results);
  for (const [name, schema] of Object.entries(results)) checkSchema(`results.${name}`, schema);
  if (!protocol.serves) checkClient(protocol, options);
  if (options.limits !== undefined) object('limits', options.limits);
  if (clock !== undefined && (['now', 'setTimeout', 'clearTimeout'] as const).some((name) => typeof clock?.[name] !== 'function'))
    invalidOption('clock', clock, 'an object with now, setTimeout and clearTimeout');
  checkFunctions({ random: options.random, onError });
  for (const name of ['reliable', 'retries', 'interpretCharts'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'boolean') invalidOption(name, options[name], 'true or false');
  return {
    createChannel: () => channel ?? streamChannel(stream as Duplex),
    protocol,
    detected: isAuto ? (name) => checkPeerOptions(detectedOptions(options, name)) : undefined,
    codecLimits: limitsOf(protocol, options.limits),
    role,
    methods,
    results,
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs, durations.callTimeout),
    maxNestedCalls: count('maxNestedCalls', options.maxNestedCalls, 64),
    maxOwedBytes: count('maxOwedBytes', options.maxOwedBytes, 16 * MiB),
    stallTimeoutMs: milliseconds('stallTimeoutMs', options.stallTimeoutMs, durations.stallTimeout),
    reliable: options.reliable ?? channel?.lossy ?? false,
    keepMs: milliseconds('keepMs', options.keepMs, durations.keep),
    heartbeatMs: positive('heartbeatMs', options.heartbeatMs, durations.heartbeat),
    // A stream that can't be opened is no better later.
    retries: stream === undefined && (options.retries ?? false),
    interpretCharts: options.interpretCharts ?? false,
    clock,
    random: options.random ?? secureRandom,
    onError,
    managerLimits: managerLimits({ ...options, window: options.window ?? protocol.window }),
  };
}

/** Throws INVALID_OPTION for what has no members to be looked at. */
export function checkIsObject(options: PeerOptions): void {
  if (typeof options !== 'object' || options === null) invalidOption('options', options, 'an object with a stream or a channel');
}

function protocolNamed(name: ProtocolName | 'auto' = 'virtagent-2'): Protocol {
  if (name !== 'auto' && !protocolNames.includes(name)) invalidOption('protocol', name, `one of ${protocolNames.join(', ')}, auto`);
  return protocolByName(name === 'auto' ? 'virtagent-2' : name);
}

/** With `auto` they are those of virtagent-2 until it is known: what that can't work with is refused now, and not when the line is up. */
function limitsOf({ limits: base, greeting }: Protocol, own: Partial<Limits> | undefined): Limits {
  const limits = limitsFrom(base, own);
  if (greeting === 'session') checkV2Limits(limits);
  return limits;
}

/** What was given, for a protocol that was not known: what it has no use for is left out. */
function detectedOptions(options: PeerOptions, protocol: ProtocolName): PeerOptions {
  const { serves } = protocolByName(protocol);
  const own = { ...options, protocol, role: 'host' as const };
  if (serves) return own;
  const { methods: _methods, window: _window, ...rest } = own;
  return rest;
}

/** What a protocol in which only this side asks has no use for is a mistake, and not quietly left out. */
function checkClient({ name, window }: Protocol, { role, methods = {}, window: own = window }: PeerOptions): void {
  if (role === 'guest') invalidOption('role', role, `host, or nothing, with the protocol ${name}: the guest's side is the agent's`);
  const [first] = Object.keys(methods);
  if (first !== undefined) invalidOption('methods', { [first]: '…' }, `no method with the protocol ${name}: the agent calls none`);
  if (own !== window) invalidOption('window', own, `${window} with the protocol ${name}: the agent runs one command at a time`);
}

function object(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) invalidOption(name, value, 'an object');
}

function checkStream(stream: Duplex): void {
  const needed = ['write', 'end', 'on', 'pause', 'resume', 'destroy'] as const;
  if (needed.some((name) => typeof stream?.[name] !== 'function')) invalidOption('stream', stream, 'a Node Duplex');
  if (typeof stream.readableEncoding === 'string')
    invalidOption('stream', `of text in ${stream.readableEncoding}`, 'a stream of bytes, on which setEncoding() was not called');
}

function milliseconds(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0)) invalidOption(name, value, 'milliseconds from 0, or Infinity');
  return value;
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (milliseconds(name, value, fallback) === 0) invalidOption(name, value, 'milliseconds above 0, or Infinity');
  return value ?? fallback;
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (value !== Infinity && (!Number.isSafeInteger(value) || value < 1)) invalidOption(name, value, 'a whole number from 1, or Infinity');
  return value;
}
