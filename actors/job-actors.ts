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

/** What all actors of a parent share. */
interface Common {
  readonly parent: AnyActorRef;
  readonly system: Inside['system'];
  readonly clock: unknown;
  readonly logger: Inside['logger'];
  readonly Mailbox: Mailbox['constructor'];
  readonly options: AnyActor['options'];
}

const scopeKeys = ['actionExecutor', 'defer', 'emit', 'id', 'logger', 'self', 'sessionId', 'stopChild', 'system'];
const notStarted = 0;
const running = 1;

/** Makes jobs' actors, under one parent. */
export class JobActors {
  readonly #parent: AnyActorRef;
  /** What the first that XState made has in common with all others. */
  #common: Common | undefined;
  #isTried = false;

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
    const common = this.#common;
    if (isSeen || common === undefined) {
      const actor: AnyActor = createActor(logic, { id, parent, input } as ActorOptions<AnyStateMachine>);
      // An inspector would be told of what is made to see how it is done.
      if (!isSeen && !this.#isTried) this.#common = commonOf(actor as unknown as Inside, parent);
      this.#isTried ||= !isSeen;
      return actor;
    }
    handed = input;
    try {
      return new Made(common, logic, id) as unknown as AnyActor;
    } finally {
      handed = undefined;
    }
  }
}

/** Of an actor that XState has made, if it has the parts that {@link Made} gives to others. The actor itself is not kept. */
function commonOf(actor: Inside, parent: AnyActorRef): Common | undefined {
  const { system, clock, logger, mailbox, _actorScope: scope, _parent: of } = actor;
  if (of !== parent || system !== parent.system || Object.keys(scope).toSorted().join() !== scopeKeys.join()) return undefined;
  // Of one job neither is of use to another.
  const { id: _, input: __, ...options } = actor.options as Record<string, unknown>;
  const common: Common = { parent, system, clock, logger, Mailbox: mailbox.constructor, options: options as AnyActor['options'] };
  try {
    const own = Object.keys(new Made(common, parts, actor.id));
    return Object.keys(actor).toSorted().join() === own.toSorted().join() ? common : undefined;
  } catch {
    return undefined;
  }
}

/** The simplest there is, to see what an actor is made of. */
const parts = { getInitialSnapshot: () => ({ status: 'active' }) } as unknown as AnyStateMachine;

type MakeActor = new (common: Common, logic: AnyStateMachine, id: string) => Inside;

/** An actor of XState's, made without its constructor: field for field what that does for a child without `systemId` and snapshot. */
const Made = function (this: Inside & { [name: string]: unknown }, common: Common, logic: AnyStateMachine, id: string) {
  const { parent, system, clock, logger, Mailbox, options } = common;
  const sessionId = system._bookId();
  this.logic = logic;
  this._snapshot = undefined;
  this.clock = clock;
  this.options = options;
  this.id = id;
  this.mailbox = new Mailbox((event) => this._process(event));
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
