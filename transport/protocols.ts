import { JsonRpcHeadersCodec } from './codecs/jsonrpc-headers.ts';
import { JsonRpcLinesCodec } from './codecs/jsonrpc-lines.ts';
import { QemuGaCodec } from './codecs/qemu-ga.ts';
import { VirtagentV7Codec } from './codecs/virtagent-v7.ts';
import { invalidOption, VirtagentError } from './errors.ts';
import { defaultLimits, qemuGaLimits, v2Limits, v7Limits, type Limits } from './limits.ts';
import type { Codec } from './messages.ts';

/** A protocol by name: how it is written, and what it can carry. */
export interface Protocol {
  readonly name: string;
  readonly limits: Limits;
  /** How many requests a sender may have unanswered, where the protocol can't say: Infinity is no window. */
  readonly window: number;
  /** Whether requests without a response can be sent. */
  readonly notifications: boolean;
  /** Whether a cancel can be told to the other side. */
  readonly cancels: boolean;
  /** Whether values on the way to a result can be sent. */
  readonly progress: boolean;
  /** How a link starts: at once, with a session that is agreed on, with v7's hello and capabilities, or with the guest agent's sync and list. */
  readonly greeting: 'none' | 'session' | 'v7' | 'qemu-ga';
  /** Whether the other side may ask, so that methods of this side have a use. */
  readonly serves: boolean;
  createCodec(limits: Limits): Codec;
}

const protocols = {
  'virtagent-2': {
    name: 'virtagent-2',
    limits: v2Limits,
    window: Infinity,
    notifications: true,
    cancels: true,
    progress: true,
    greeting: 'session',
    serves: true,
    createCodec: () => {
      throw new VirtagentError('INVALID_OPTION', 'virtagent-2 has sessions, which a codec by itself has not: use createPeer');
    },
  },
  'virtagent-v7': {
    name: 'virtagent-v7',
    limits: v7Limits,
    window: 5,
    notifications: false,
    cancels: false,
    progress: false,
    greeting: 'v7',
    serves: true,
    createCodec: (limits) => new VirtagentV7Codec(limits),
  },
  'jsonrpc-lines': {
    name: 'jsonrpc-lines',
    limits: defaultLimits,
    window: Infinity,
    notifications: true,
    cancels: false,
    progress: false,
    greeting: 'none',
    serves: true,
    createCodec: (limits) => new JsonRpcLinesCodec(limits),
  },
  'jsonrpc-headers': {
    name: 'jsonrpc-headers',
    limits: defaultLimits,
    window: Infinity,
    notifications: true,
    cancels: true,
    progress: true,
    greeting: 'none',
    serves: true,
    createCodec: (limits) => new JsonRpcHeadersCodec(limits),
  },
  'qemu-ga': {
    name: 'qemu-ga',
    limits: qemuGaLimits,
    window: 1,
    notifications: false,
    cancels: false,
    progress: false,
    greeting: 'qemu-ga',
    serves: false,
    createCodec: (limits) => new QemuGaCodec(limits),
  },
} as const satisfies Record<string, Protocol>;

/** The name of a protocol that this package speaks. */
export type ProtocolName = keyof typeof protocols;

/** All names, for help texts and checks. */
export const protocolNames = Object.freeze(Object.keys(protocols) as ProtocolName[]);

/** The protocol of that name. Throws INVALID_OPTION. */
export function protocolByName(name: string): Protocol {
  if (!Object.hasOwn(protocols, name)) invalidOption('protocol', name, `one of ${protocolNames.join(', ')}`);
  return protocols[name as ProtocolName];
}
