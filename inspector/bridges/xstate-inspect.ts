import type { AnyActorRef, InspectionEvent, Snapshot } from 'xstate';
import { follow, machineOf, type Bridged, type Follower, type FollowOptions } from './followed-actors.ts';
import { hiddenContext, hiddenEvent } from './hidden-values.ts';
import { xstate4Machine } from './xstate-4-machine.ts';

/** What is needed of a WebSocket to a viewer: a browser's has it, and so have those of the package `ws`. */
export interface BridgeSocket {
  send(text: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  /** Bytes that wait to be sent; without it that is not known, and nothing is held back. */
  readonly bufferedAmount?: number;
}

/** What a viewer of `@xstate/inspect` is shown. */
export interface XstateInspectOptions extends FollowOptions {
  /** What is shown of an actor's context; default: its members with the kind and size of each, and numbers. */
  readonly sanitizeContext?: ((context: unknown) => object) | undefined;
  /** What is shown of an event; default: its type, and its members by their kinds. */
  readonly sanitizeEvent?: (<Event extends { readonly type: string }>(event: Event) => { readonly type: string }) | undefined;
}

/** Bytes that may wait for a slow viewer: beyond that no further actor is shown, and beyond twice that nothing more is told. */
const MOST_WAITING = 1024 * 1024;

/**
 * Shows the actors of XState 5 to a viewer that speaks `@xstate/inspect`'s protocol, as those made of its receivers do: it asks by
 * `xstate.inspecting`, and is told by `service.register`, `service.event`, `service.state` and `service.stop`. Nothing is watched before it
 * has asked, nor after its socket has closed. Of many jobs some are shown, each as a whole.
 */
export function bridgeToXstateInspect(bridged: Bridged, socket: BridgeSocket, options: XstateInspectOptions = {}): { stop(): void } {
  const bridge = new XstateBridge(bridged, socket, options);
  socket.addEventListener('message', ({ data }) => {
    if (isOpening(data)) bridge.begin();
  });
  socket.addEventListener('close', () => bridge.stop());
  return { stop: () => bridge.stop() };
}

function isOpening(data: unknown): boolean {
  // A viewer has nothing else to say that counts, so nothing longer is read.
  if (typeof data !== 'string' || data.length > 1000) return false;
  try {
    return (JSON.parse(data) as { readonly type?: unknown } | null)?.type === 'xstate.inspecting';
  } catch {
    return false;
  }
}

class XstateBridge implements Follower {
  readonly #bridged: Bridged;
  readonly #socket: BridgeSocket;
  readonly #context: (context: unknown) => object;
  readonly #hidden: (event: { readonly type: string }) => { readonly type: string };
  readonly #options: XstateInspectOptions;
  readonly #shown = new WeakSet<AnyActorRef>();
  #following: { stop(): void } | undefined;
  #isOver = false;

  constructor(bridged: Bridged, socket: BridgeSocket, options: XstateInspectOptions) {
    this.#bridged = bridged;
    this.#socket = socket;
    this.#options = options;
    this.#context = options.sanitizeContext ?? hiddenContext;
    this.#hidden = options.sanitizeEvent ?? hiddenEvent;
  }

  /** A viewer that asks again is told from the beginning. */
  begin(): void {
    if (this.#isOver) return;
    this.#following?.stop();
    this.#following = follow(this.#bridged, this, this.#options);
  }

  stop(): void {
    this.#isOver = true;
    this.#following?.stop();
  }

  actor(ref: AnyActorRef): void {
    if (this.#waiting > MOST_WAITING) return;
    this.#shown.add(ref);
    const { id, sessionId } = ref;
    const parent = (ref as { readonly _parent?: AnyActorRef })._parent?.sessionId;
    const state = JSON.stringify(this.#state(ref, ref.getSnapshot() as Snapshot<unknown>, { type: 'xstate.init' }));
    this.#tell({ type: 'service.register', machine: xstate4Machine(machineOf(ref)), state, id, sessionId, parent });
  }

  event(ref: AnyActorRef, event: InspectionEvent): void {
    if (!this.#shown.has(ref) || this.#waiting > 2 * MOST_WAITING) return;
    const { sessionId } = ref;
    if (event.type === '@xstate.event') {
      const origin = (event.sourceRef as AnyActorRef | undefined)?.sessionId;
      this.#tell({ type: 'service.event', event: JSON.stringify(this.#scxml(event.event, origin)), sessionId });
    } else if (event.type === '@xstate.snapshot') {
      this.#tell({ type: 'service.state', state: JSON.stringify(this.#state(ref, event.snapshot, event.event)), sessionId });
      if (event.snapshot.status !== 'active') this.#tell({ type: 'service.stop', sessionId });
    }
  }

  /** A snapshot as XState 4 has its states. */
  #state({ sessionId }: AnyActorRef, snapshot: Snapshot<unknown>, cause: { readonly type: string }): object {
    const { value, context, tags } = snapshot as { value?: unknown; context?: unknown; tags?: Iterable<string> };
    const event = this.#scxml(cause, undefined);
    return {
      value: value ?? {},
      context: this.#context(context),
      event: event.data,
      _event: event,
      _sessionid: sessionId,
      actions: [],
      activities: {},
      meta: {},
      events: [],
      transitions: [],
      children: {},
      done: snapshot.status !== 'active',
      changed: true,
      tags: [...(tags ?? [])],
    };
  }

  #scxml(event: { readonly type: string }, origin: string | undefined) {
    return { name: event.type, data: this.#hidden(event), $$type: 'scxml', type: 'external', origin } as const;
  }

  get #waiting(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  #tell(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }
}
