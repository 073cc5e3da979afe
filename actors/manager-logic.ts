import { createActor, type ActorOptions, type AnyActorRef, type SnapshotFrom } from 'xstate';
import type { JobRef } from '../machines/job.ts';
import { managerMachine, type ManagerEvent } from '../machines/manager.ts';
import { invalidOption } from '../transport/errors.ts';
import { compiled } from './compiled.ts';
import { guardedInspect } from './job-events.ts';
import { Manager } from './manager.ts';
import { checkManagerOptions, managerLimits, type ManagerOptions } from './manager-options.ts';
import { watched } from './watched-chart.ts';

const managers = new WeakMap<AnyActorRef, Manager>();

/** The manager that an actor of {@link managerLogic} runs. */
export function managerOf(ref: AnyActorRef): Manager {
  const manager = managers.get(ref);
  if (manager === undefined) invalidOption('ref', ref.id, 'an actor made from managerLogic');
  return manager;
}

const provided = managerMachine.provide({
  actions: {
    spawn: ({ self }, { job }) => managerOf(self)._spawn(job),
    refuse: ({ self }, { job, code }) => managerOf(self)._refuse(job, code),
    tell: ({ self }, tell) => managerOf(self)._tell(tell),
    passOn: ({ self }, { job, permit }) => self.send({ type: 'piece_over', job, permit }),
    bury: ({ self }, { job }) => managerOf(self)._bury(job),
    report: ({ self, event }, params) => managerOf(self)._report('manager', params.event, (event as { job?: JobRef }).job),
    settle: ({ self }) => managerOf(self)._lineLost(),
    holdOff: ({ self }, { busyInARow }) => managerOf(self)._holdOff(busyInARow),
    close: ({ self }) => managerOf(self)._closed(),
  },
});

const interpreted = watched(provided);
const tables = compiled(provided);

/**
 * The manager's chart as actor logic: `invoke: { src: managerLogic, input: options }`, or {@link createManager}.
 *
 * It is the machine itself but for three events of XState's own: a child that is done or has failed reports under one
 * event type (a machine remembers every type that it has seen, and ids are unique), and `xstate.stop`, for which a
 * machine runs no action, ends every job with its callback.
 */
export const managerLogic: Omit<typeof provided, 'provide'> = Object.create(provided, {
  getInitialSnapshot: {
    value: (scope: Parameters<typeof provided.getInitialSnapshot>[0], input: ManagerOptions | undefined) => {
      const manager = new Manager(scope.self, input ?? {}, scope.stopChild, input?.interpretCharts === true ? interpreted : tables);
      managers.set(scope.self, manager);
      return manager._logic.getInitialSnapshot(scope, managerLimits(input ?? {}));
    },
  },
  transition: {
    value: (snapshot: SnapshotFrom<typeof provided>, event: { type: string }, scope: Parameters<typeof provided.transition>[2]) => {
      const manager = managerOf(scope.self);
      if (event.type === 'xstate.stop') manager.kill();
      const own = event.type.startsWith('xstate.') ? manager._ownEvent(event) : event;
      const next = manager._logic.transition(snapshot, own as ManagerEvent, scope);
      if (manager._hasSpawned) scope.defer(manager._startSpawned);
      return next;
    },
  },
});

/** Options of {@link createManager}. */
export interface CreateManagerOptions extends ManagerOptions {
  /** Watches the actor system, as XState's own option. */
  readonly inspect?: ActorOptions<typeof managerLogic>['inspect'];
  /** Whether a line is there from the start; default true. With false, `gate('all')` opens it. */
  readonly line?: boolean | undefined;
}

/** A manager by itself, started. Throws INVALID_OPTION. */
export function createManager(options: CreateManagerOptions = {}): Manager {
  if (typeof options !== 'object' || options === null) invalidOption('options', options, 'an object, or nothing');
  const { inspect, line = true, ...input } = options;
  checkManagerOptions(input);
  const actor = createActor(managerLogic as typeof provided, {
    input: input as never,
    ...(inspect === undefined ? undefined : { inspect: guardedInspect(inspect, (error) => input.onError?.(error, 'inspect', '')) }),
  });
  actor.start();
  const manager = managerOf(actor);
  if (line) manager.gate('all');
  return manager;
}
