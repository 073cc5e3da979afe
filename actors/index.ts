/**
 * virtagent: calls in both directions over one stream, with a statechart behind every job.
 *
 * Two levels: {@link createPeer} and {@link peer} for RPC, {@link createManager} for the operations on which another
 * protocol would be built.
 */
export { createPeer, peer, type CreatePeerOptions } from './peer-logic.ts';
export { Peer, peerOf, type PeerCounters, type PeerLogic, type PeerSnapshot, type TracedMessage } from './peer.ts';
export type { PeerOptions } from './peer-options.ts';
export type { Role } from './v7-greeting.ts';
export type {
  QemuGaDisk,
  QemuGaExec,
  QemuGaExecStatus,
  QemuGaFileRead,
  QemuGaFileSystem,
  QemuGaFileWrite,
  QemuGaInfo,
  QemuGaInterface,
  QemuGaMethods,
  QemuGaNothing,
  QemuGaOsInfo,
  QemuGaUser,
  QemuGaVcpu,
} from './qemu-ga-methods.ts';
export {
  method,
  MethodError,
  type AnyMethods,
  type CallArguments,
  type Caller,
  type CallOptions,
  type CallResultOf,
  type CallStatus,
  type Handler,
  type HandlerContext,
  type ItemOf,
  type MethodDefinition,
  type Methods,
  type MethodTypes,
  type NotifyArguments,
  type StreamArguments,
  type StreamCaller,
  type StreamOptions,
} from './methods.ts';
export { CallStream, type StreamRoom } from './call-stream.ts';
export type { Schema, SchemaOutput, SchemaResult } from './schema.ts';
export { Manager, type AddOptions, type Job, type SlotReport } from './manager.ts';
export { createManager, managerLogic, managerOf, type CreateManagerOptions } from './manager-logic.ts';
export { defaultManagerLimits, type Added, type ManagerOptions, type Violation } from './manager-options.ts';
export { clientKind, serverKind, type Execution, type Kind, type Operations, type Sending } from './kinds.ts';
export { jobStates, type JobStateEvent } from './job-events.ts';
export { outcomeError } from './outcomes.ts';
export {
  errorTable,
  VirtagentError,
  type Blame,
  type ErrorCode,
  type ErrorKind,
  type Known,
  type RemoteErrorObject,
} from '../transport/errors.ts';
export type { Outcome, Completion, SendCompletion, Urgency } from '../machines/job.ts';
export type { LinkState } from '../machines/link.ts';
export type { PeerContext, PeerEmitted, PeerOutput } from '../machines/peer.ts';
export type { ManagerLimits } from '../machines/manager-context.ts';
