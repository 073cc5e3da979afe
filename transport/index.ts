/** The transport actor, what it speaks (codecs) and over what (channels). */
export { Transport } from './transport.ts';
export type { SendResult, TransportCounters, TransportInput } from './transport-input.ts';
export { transportLogic, transportOf } from './transport-logic.ts';
export { protocolByName, protocolNames, type Protocol, type ProtocolName } from './protocols.ts';
export { VirtagentV7Codec } from './codecs/virtagent-v7.ts';
export { JsonRpcLinesCodec } from './codecs/jsonrpc-lines.ts';
export { JsonRpcHeadersCodec } from './codecs/jsonrpc-headers.ts';
export { QemuGaCodec } from './codecs/qemu-ga.ts';
export type * from './messages.ts';
export { defaultLimits, limitsFrom, qemuGaLimits, v7Limits, type Limits } from './limits.ts';
export { errorTable, RemoteProtocolError, VirtagentError, type DamageReason, type ErrorCode } from './errors.ts';
export { backoff, durations, realClock, Timers, type Clock, type Timer } from './timers.ts';
export * from './channels/index.ts';
