import type { AnyActorRef, AnyStateMachine, InspectionEvent, Observer } from 'xstate';
import { guardedInspect } from '../../actors/job-events.ts';

/** What a bridge can be attached to: a peer, a manager, or any actor of an app's own with what is below it. */
export type Bridged = { readonly ref: AnyActorRef } | AnyActorRef;

/** What is shown of a busy system. */
export interface FollowOptions {
  /** Of the actors that begin in one second, jobs above all, how many are shown, each as a whole; default 20. */
  readonly actorsPerSecond?: number | undefined;
  /** Milliseconds that never go back; default: the machine's clock. */
  readonly now?: (() => number) | undefined;
}

/** Who is told of the actors that are shown. It may throw; what it watches does not notice. */
export interface Follower {
  /** One that is there, or begins. */
  actor(ref: AnyActorRef): void;
  /** What was sent to it, or how it is after that. */
  event(ref: AnyActorRef, event: InspectionEvent): void;
}

/** Events in a second of what was there before, the manager above all, which has one for each that any job has. */
const PART_EVENTS = 100;

/** Follows a system's actors until it is stopped: those that are there, and of new ones as many as may be shown. */
export function follow(bridged: Bridged, follower: Follower, options: FollowOptions): { stop(): void } {
  const root = 'ref' in bridged ? (bridged.ref as AnyActorRef) : bridged;
  const following = new Following(follower, options);
  const take = guardedInspect(
    (event) => following.take(event),
    () => {},
  );
  const watching = (root.system as unknown as System).inspect({ next: take });
  // An actor that is there already is told of like one that begins.
  const begin = guardedInspect(
    ({ actorRef }) => following.part(actorRef as AnyActorRef),
    () => {},
  );
  for (const ref of listedBelow(root)) begin({ type: '@xstate.actor', actorRef: ref, rootId: '' });
  return { stop: () => watching.unsubscribe() };
}

interface System {
  inspect(observer: Observer<InspectionEvent>): { unsubscribe(): void };
}

/** The machine that an actor runs: what is compiled keeps all of it. */
export function machineOf(ref: AnyActorRef): AnyStateMachine {
  return (ref as unknown as { readonly logic: AnyStateMachine }).logic;
}

class Following {
  readonly #follower: Follower;
  readonly #actors: Budget;
  readonly #partEvents: Budget;
  /** What began while it was watched: jobs. */
  readonly #jobs = new WeakSet<AnyActorRef>();
  /** Those of them that have no snapshot yet: XState tells of an actor before it has made one. */
  readonly #unborn = new WeakSet<AnyActorRef>();
  /** What was there before, with the state in which it was last shown. */
  readonly #parts = new WeakMap<AnyActorRef, string>();

  constructor(follower: Follower, { actorsPerSecond = 20, now = () => performance.now() }: FollowOptions) {
    this.#follower = follower;
    this.#actors = new Budget(actorsPerSecond, now);
    this.#partEvents = new Budget(PART_EVENTS, now);
  }

  part(ref: AnyActorRef): void {
    this.#parts.set(ref, valueOf(ref.getSnapshot()));
    this.#follower.actor(ref);
  }

  take(event: InspectionEvent): void {
    const ref = event.actorRef as AnyActorRef;
    if (event.type === '@xstate.actor') {
      if (!isChart(ref) || !this.#actors.take()) return;
      this.#jobs.add(ref);
      this.#unborn.add(ref);
    } else if (event.type === '@xstate.event' || event.type === '@xstate.snapshot') {
      if (this.#unborn.delete(ref)) this.#follower.actor(ref);
      if (this.#jobs.has(ref) || (this.#parts.has(ref) && this.#mayShow(ref, event))) this.#follower.event(ref, event);
    }
  }

  /** Of a part that has very many events, those that change its state are shown all the same. */
  #mayShow(ref: AnyActorRef, event: InspectionEvent): boolean {
    if (event.type !== '@xstate.snapshot') return this.#partEvents.take();
    const value = valueOf(event.snapshot);
    const hasChanged = this.#parts.get(ref) !== value;
    if (!hasChanged && !this.#partEvents.take()) return false;
    this.#parts.set(ref, value);
    return true;
  }
}

function valueOf(snapshot: unknown): string {
  const { value, status } = snapshot as { value?: unknown; status?: string };
  return JSON.stringify([value, status]);
}

function isChart(ref: AnyActorRef): boolean {
  const { root, config } = machineOf(ref) as Partial<AnyStateMachine>;
  return root !== undefined && config !== undefined;
}

/** An actor and those below it that its snapshot lists: the agent's own parts, and no jobs. */
function listedBelow(ref: AnyActorRef): AnyActorRef[] {
  const { children = {} } = (ref.getSnapshot() ?? {}) as { children?: Record<string, AnyActorRef | undefined> };
  const below = Object.values(children).flatMap((child) => (child === undefined ? [] : listedBelow(child)));
  return isChart(ref) ? [ref, ...below] : below;
}

/** So many a second, counted in whole seconds. */
class Budget {
  readonly #perSecond: number;
  readonly #now: () => number;
  #second = Number.NaN;
  #taken = 0;

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  take(): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#taken = 0;
    this.#second = second;
    return this.#taken++ < this.#perSecond;
  }
}
