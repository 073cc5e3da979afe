import { Actor, createActor, type ActorOptions, type AnyActor, type AnyActorRef, type AnyStateMachine } from 'xstate';
import type { JobInput } from '../machines/job.ts';

/** The input of the actor that is being created, where its options don't have it. */
let handed: JobInput | undefined;

/** A chart whose actors may be given their input by {@link JobActors}. */
export function handedInput(logic: AnyStateMachine): AnyStateMachine {
  return Object.create(logic, {
    getInitialSnapshot: {
      value: (scope: Parameters<AnyStateMachine['getInitialSnapshot']>[0], input: unknown) =>
        logic.getInitialSnapshot(scope, input ?? handed),
    },
  }) as AnyStateMachine;
}

interface Mailbox {
  readonly constructor: new (process: (event: unknown) => void) => Mailbox;
}

/** What is read and written here of XState's actors besides what they show to everybody. */
interface Inside {
  logic: AnyStateMachine;
  id: string;
  options: AnyActor['options'];
  clock: unknown;
  logger: (...args: unknown[]) => void;
  system: AnyActorRef['system'] & { _bookId(): string; _sendInspectionEvent(event: object): void };
  mailbox: Mailbox;
  eventListeners: Map<string, ReadonlySet<(event: unknown) => void>>;
  _parent: AnyActorRef;
  _actorScope: object;
  _deferred: (() => void)[];
  _processingStatus: number;
  _process(event: unknown): void;
  _initState(): void;
  _stop(): void;
}

const scopeKeys = ['actionExecutor', 'defer', 'emit', 'id', 'logger', 'self', 'sessionId', 'stopChild', 'system'];
const notStarted = 0;
const running = 1;

/** Makes jobs' actors, under one parent. */
export class JobActors {
  readonly #parent: AnyActorRef;
  /** One that XState made: the others are made like it. */
  #model: Inside | undefined;
  #isTried = false;
  #options: AnyActor['options'] | undefined;

  constructor(parent: AnyActorRef) {
    this.#parent = parent;
  }

  /**
   * A job's actor, not started.
   *
   * XState's constructor copies an actor's options, and in Node 20 that copy is an object with a hidden class of its own: three microseconds a job
   * and a third of what the old generation grows by (docs/performance.md). So where no inspector sees them actors are XState's in all but
   * their construction, which is done here, and share their options. An XState whose actors have other parts than those that are known
   * here makes them itself.
   */
  create(logic: AnyStateMachine, id: string, input: JobInput, isSeen: boolean): AnyActor {
    const parent = this.#parent;
    const model = this.#model;
    if (isSeen || model === undefined) {
      const actor: AnyActor = createActor(logic, { id, parent, input } as ActorOptions<AnyStateMachine>);
      // An inspector would be told of what is made to see how it is done.
      if (!isSeen && !this.#isTried) this.#model = modelOf(actor as unknown as Inside, logic, parent);
      this.#isTried ||= !isSeen;
      return actor;
    }
    handed = input;
    try {
      return new Made(model, logic, id, (this.#options ??= sharedOptions(model))) as unknown as AnyActor;
    } finally {
      handed = undefined;
    }
  }
}

/** Of one job neither is of use to another. */
function sharedOptions({ options }: Inside): AnyActor['options'] {
  const { id: _, input: __, ...shared } = options as Record<string, unknown>;
  return shared as AnyActor['options'];
}

/** The actor, if it has the parts that {@link Made} gives to others. */
function modelOf(actor: Inside, logic: AnyStateMachine, parent: AnyActorRef): Inside | undefined {
  const isOurs = actor._parent === parent && actor.system === parent.system && actor.logic === logic;
  if (!isOurs || Object.keys(actor._actorScope).toSorted().join() !== scopeKeys.join()) return undefined;
  handed = {} as JobInput;
  try {
    const own = Object.keys(new Made(actor, parts, actor.id, actor.options));
    return Object.keys(actor).toSorted().join() === own.toSorted().join() ? actor : undefined;
  } catch {
    return undefined;
  } finally {
    handed = undefined;
  }
}

/** The simplest there is, to see what an actor is made of. */
const parts = { getInitialSnapshot: () => ({ status: 'active' }) } as unknown as AnyStateMachine;

type MakeActor = new (model: Inside, logic: AnyStateMachine, id: string, options: AnyActor['options']) => Inside;

/** An actor of XState's, made without its constructor: field for field what that does for a child without `systemId` and snapshot. */
const Made = function (
  this: Inside & { [name: string]: unknown },
  model: Inside,
  logic: AnyStateMachine,
  id: string,
  options: AnyActor['options'],
) {
  const { system, clock, logger, mailbox, _parent: parent } = model;
  const sessionId = system._bookId();
  this.logic = logic;
  this._snapshot = undefined;
  this.clock = clock;
  this.options = options;
  this.id = id;
  this.mailbox = new mailbox.constructor((event) => this._process(event));
  this.observers = new Set();
  this.eventListeners = new Map();
  this.logger = logger;
  this._processingStatus = notStarted;
  this._parent = parent;
  this._syncSnapshot = undefined;
  this.ref = this;
  this.systemId = undefined;
  this.sessionId = sessionId;
  this.system = system;
  this._doneEvent = undefined;
  this.src = logic;
  this._deferred = [];
  this.send = (Actor.prototype as unknown as { send: (this: unknown, event: unknown) => void }).send.bind(this);
  this._actorScope = {
    self: this,
    id,
    sessionId,
    logger,
    defer: (task: () => void) => void this._deferred.push(task),
    system,
    stopChild: (child: Inside) => {
      if (child._parent !== (this as unknown)) throw new Error(`Cannot stop child actor ${child.id} of ${id} because it is not a child`);
      child._stop();
    },
    emit: (event: { readonly type: string }) => tellListeners(this.eventListeners, event),
    actionExecutor: (action: Executable) => {
      if (this._processingStatus === running) execute(this, action);
      else this._deferred.push(() => execute(this, action));
    },
  };
  system._sendInspectionEvent({ type: '@xstate.actor', actorRef: this });
  this._initState();
} as unknown as MakeActor;
Made.prototype = Actor.prototype;

interface Executable {
  readonly type: string;
  readonly params: unknown;
  readonly info: unknown;
  readonly exec: ((info: unknown, params: unknown) => void) | undefined;
}

function execute(actor: Inside, { type, params, info, exec }: Executable): void {
  actor.system._sendInspectionEvent({ type: '@xstate.action', actorRef: actor, action: { type, params } });
  exec?.(info, params);
}

/** Those of an event's type, then those of all; what one throws is nobody's, as with XState. */
function tellListeners(listeners: Inside['eventListeners'], event: { readonly type: string }): void {
  for (const tell of [...(listeners.get(event.type) ?? []), ...(listeners.get('*') ?? [])]) {
    try {
      tell(event);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
