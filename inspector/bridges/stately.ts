import type { AnyActorRef, AnyEventObject, InspectionEvent, MachineContext } from 'xstate';
import { VirtagentError } from '../../transport/errors.ts';
import { follow, type Bridged, type FollowOptions } from './followed-actors.ts';
import { hiddenContext, hiddenEvent, hiddenValue } from './hidden-values.ts';

/** How actors are shown to Stately's inspector. */
export interface StatelyOptions extends FollowOptions {
  /** The WebSocket that the events go to; default `ws://localhost:8080`, where `createInspectorServer` of `@statelyai/inspect/server` listens. */
  readonly url?: string | undefined;
  /** Told once if nobody can be reached there at first; it is tried again every five seconds. */
  readonly onUnreachable?: ((reason: string) => void) | undefined;
  /** What is shown of an actor's context; default: its members with the kind and size of each, and numbers. */
  readonly sanitizeContext?: ((context: unknown) => object) | undefined;
  /** What is shown of an event; default: its type, and its members by their kinds. */
  readonly sanitizeEvent?: ((event: AnyEventObject) => AnyEventObject) | undefined;
}

/** What of `@statelyai/inspect` is used here. */
interface StatelyInspector {
  readonly inspect: { next?: (event: InspectionEvent) => void };
  readonly adapter: { ws?: ViewerSocket };
  stop(): void;
}

/** The socket to the viewer: another one for each attempt. */
interface ViewerSocket {
  readonly bufferedAmount: number;
  onerror: (() => void) | null;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  close(): void;
}

/** Bytes that may wait for a slow viewer before events are left out. */
const MOST_WAITING = 1024 * 1024;

/**
 * Shows the actors to Stately's inspector, by the package `@statelyai/inspect`, which has to be installed: CHANNEL_UNUSABLE where it is
 * not. What calls carry is hidden unless the options show it. Its page is Stately's own, and needs the network.
 */
export async function bridgeToStately(bridged: Bridged, options: StatelyOptions = {}): Promise<{ stop(): void }> {
  return (await statelyBridge())(bridged, options);
}

/** The same once the package is loaded: who is shown in the turn of their making is shown with all that they do. */
export async function statelyBridge(): Promise<(bridged: Bridged, options?: StatelyOptions) => { stop(): void }> {
  const loaded = await load();
  return (bridged, options = {}) => bridge(loaded, bridged, options);
}

function bridge({ createWebSocketInspector }: Loaded, bridged: Bridged, options: StatelyOptions): { stop(): void } {
  const { url = 'ws://localhost:8080', sanitizeContext = hiddenContext, sanitizeEvent = hiddenEvent } = options;
  const inspector = createWebSocketInspector({
    url,
    sanitizeEvent: (event) => sanitizeEvent(event),
    sanitizeContext: (context) => sanitizeContext(context) as MachineContext,
    serialize: withoutOutcome,
  }) as unknown as StatelyInspector;
  const { adapter } = inspector;
  adapter.ws?.addEventListener('error', ({ message = '' }) => options.onUnreachable?.(message));
  const tell = (event: InspectionEvent): void => {
    // It keeps what its socket can't send, without end.
    if ((adapter.ws?.bufferedAmount ?? 0) < MOST_WAITING) inspector.inspect.next?.(event);
  };
  const following = follow(
    bridged,
    {
      actor: (ref: AnyActorRef) => tell({ type: '@xstate.actor', actorRef: ref, rootId: rootOf(ref).sessionId }),
      event: (_, event) => tell(event),
    },
    options,
  );
  return {
    stop() {
      following.stop();
      endAttempts(adapter);
      inspector.stop();
    },
  };
}

/** A viewer that can't be reached is tried again for ever, also after a stop: the one attempt that may still be due is the last. */
function endAttempts(adapter: { ws?: ViewerSocket }): void {
  let socket = adapter.ws;
  const end = (): void => {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- what is there has to go: it tries again
    if (socket !== undefined) socket.onerror = () => {};
  };
  end();
  Object.defineProperty(adapter, 'ws', {
    get: () => socket,
    set(next: ViewerSocket) {
      socket = next;
      // What it does on an error is set after this.
      queueMicrotask(() => {
        end();
        next.close();
      });
    },
  });
}

function rootOf(ref: AnyActorRef): AnyActorRef {
  const { _parent: parent } = ref as { readonly _parent?: AnyActorRef };
  return parent === undefined ? ref : rootOf(parent);
}

/** A job's output is its context, and an error has a stack: its own sanitisers see neither. */
function withoutOutcome<Event extends { readonly type: string }>(event: Event): Event {
  if (!('snapshot' in event) || typeof event.snapshot !== 'object' || event.snapshot === null) return event;
  const { output, error, children: _, ...snapshot } = event.snapshot as Record<string, unknown>;
  return { ...event, snapshot: { ...snapshot, output: hiddenValue(output), error: hiddenValue(error) } };
}

type Loaded = typeof import('@statelyai/inspect');

async function load(): Promise<Loaded> {
  try {
    return await import('@statelyai/inspect');
  } catch (error) {
    throw new VirtagentError('CHANNEL_UNUSABLE', 'the package @statelyai/inspect is missing: npm install @statelyai/inspect', {
      cause: error,
    });
  }
}
