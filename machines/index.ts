/** The charts, pure: what runs, what is drawn and what is tested. */
export { serverJob, cancelledByPeer, type ServerJobContext } from './server-job.ts';
export { clientJob, type ClientJobContext } from './client-job.ts';
export { managerMachine, type ManagerEvent } from './manager.ts';
export { linkMachine, type LinkContext, type LinkEvent, type LinkInput, type LinkState } from './link.ts';
export { noticeJob } from './notice-job.ts';
export { peerMachine, type PeerContext, type PeerEmitted, type PeerEvent, type PeerOutput } from './peer.ts';
export { detectMachine, type DetectContext, type DetectEvent, type DetectState, type Probe } from './detect.ts';
export { qemuGaMachine, type QemuGaContext, type QemuGaEvent, type QemuGaState } from './qemu-ga.ts';
export { sessionMachine, type SessionContext, type SessionEvent, type SessionState } from './session.ts';
export * from './job.ts';
export type { Charge, Credit, Execution, Gate, ManagerContext, ManagerLimits, Sending } from './manager-context.ts';
export type { OfPermit, Refusal, SendDone, Tell, Wanted } from './slots.ts';
export type { Lane, Lanes, Waiting } from './lanes.ts';
export { whole } from './whole.ts';
