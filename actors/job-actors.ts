import { createActor, type ActorOptions, type AnyActor, type AnyActorRef, type AnyStateMachine } from 'xstate';
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

/** Makes jobs' actors, under one parent. */
export class JobActors {
  readonly #parent: AnyActorRef;
  #options: AnyActor['options'] | undefined;

  constructor(parent: AnyActorRef) {
    this.#parent = parent;
  }

  /**
   * A job's actor, not started.
   *
   * XState copies an actor's options, and in Node 20 each option costs that copy half a microsecond and a hidden class of its own:
   * more than anything else of a job. So they are given in full only where an inspector sees them; elsewhere all share one copy.
   */
  create(logic: AnyStateMachine, id: string, input: JobInput, isSeen: boolean): AnyActor {
    const parent = this.#parent;
    if (isSeen) return createActor(logic, { id, parent, input } as ActorOptions<AnyStateMachine>);
    handed = input;
    const actor: AnyActor = createActor(logic, { parent } as ActorOptions<AnyStateMachine>);
    handed = undefined;
    actor.id = id;
    actor.options = this.#options ??= actor.options;
    return actor;
  }
}
