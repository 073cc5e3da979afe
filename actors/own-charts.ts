import type { AnyActorRef, AnyStateMachine } from 'xstate';
import { detectMachine } from '../machines/detect.ts';
import { linkMachine } from '../machines/link.ts';
import { peerMachine } from '../machines/peer.ts';
import { qemuGaMachine } from '../machines/qemu-ga.ts';
import { sessionMachine } from '../machines/session.ts';

/** The charts of a peer's own parts, by the names under which viewers know them. */
export const ownMachines = {
  peer: peerMachine,
  link: linkMachine,
  session: sessionMachine,
  'qemu-ga': qemuGaMachine,
  detect: detectMachine,
} as const satisfies Record<string, AnyStateMachine>;

export type OwnName = keyof typeof ownMachines;

/** A part of a peer that runs, or has run. */
export interface OwnPart {
  readonly name: OwnName;
  readonly ref: AnyActorRef;
}

/** By the actor of their peer, in the order in which they were made: a handful in a peer's life. */
const parts = new WeakMap<AnyActorRef, OwnPart[]>();

/** The actor of the peer that a part belongs to. */
export function peerOfPart({ name, ref }: OwnPart): AnyActorRef {
  return name === 'peer' ? ref : ((ref as unknown as { _parent: AnyActorRef | undefined })._parent ?? ref);
}

/** Notes a part, when it is made. */
export function notePart(part: OwnPart): void {
  const peer = peerOfPart(part);
  const known = parts.get(peer);
  if (known === undefined) parts.set(peer, [part]);
  else known.push(part);
}

/** The parts of the peer whose actor that is: none of any other actor. */
export function partsOf(peer: AnyActorRef | undefined): readonly OwnPart[] {
  return (peer === undefined ? undefined : parts.get(peer)) ?? [];
}
