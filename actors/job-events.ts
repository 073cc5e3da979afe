import { Observable } from 'rxjs/internal/Observable';
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import { invalidOption } from '../transport/errors.ts';
import type { Manager } from './manager.ts';

/** A job has entered a state. */
export interface JobStateEvent {
  readonly kind: string;
  readonly tag: string;
  /** Its number in the order of adding. */
  readonly seq: number;
  /** The state, nested ones joined by dots: `busy.sending`. */
  readonly state: string;
}

/**
 * Every state that every job of a manager enters, passing states included; it completes when the manager has ended. It
 * watches the actor system while it is subscribed, which costs each job some microseconds; unsubscribed, nothing.
 */
export function jobStates(manager: Manager): Observable<JobStateEvent> {
  return new Observable((subscriber) => {
    const watching = systemOf(manager.ref).inspect({
      next: (event) => {
        const told = stateEntered(manager, event);
        // What an observer throws, rxjs reports by itself: thrown here it would leave the job's mailbox stuck for good.
        if (told !== undefined) subscriber.next(told);
      },
    } as Observer<InspectionEvent>);
    const ending = manager.ref.subscribe({ complete: () => subscriber.complete(), error: () => subscriber.complete() });
    if (manager.ref.getSnapshot().status !== 'active') subscriber.complete();
    return () => {
      watching.unsubscribe();
      ending.unsubscribe();
    };
  });
}

/** An inspector that can't break what it watches: XState leaves a mailbox stuck for good when its observer throws. */
export function guardedInspect(
  inspect: Observer<InspectionEvent> | ((event: InspectionEvent) => void),
  failed: (error: unknown) => void,
): (event: InspectionEvent) => void {
  if (typeof inspect !== 'function' && typeof (inspect as Observer<InspectionEvent> | null)?.next !== 'function')
    invalidOption('inspect', inspect, 'a function, or an observer');
  return (event) => {
    try {
      if (typeof inspect === 'function') inspect(event);
      else inspect.next?.(event);
    } catch (error) {
      try {
        failed(error);
      } catch {
        // Nobody is left to tell.
      }
    }
  };
}

function systemOf(ref: AnyActorRef): { inspect(observer: Observer<InspectionEvent>): { unsubscribe(): void } } {
  return ref.system as never;
}

function stateEntered(manager: Manager, event: InspectionEvent): JobStateEvent | undefined {
  const isStep = event.type === '@xstate.microstep' || (event.type === '@xstate.snapshot' && event.event.type === 'xstate.init');
  if (!isStep) return undefined;
  const job = manager.jobOfActor(event.actorRef as AnyActorRef);
  if (job === undefined) return undefined;
  return { kind: job.kind, tag: job.tag, seq: job.ref.seq, state: statePath((event.snapshot as { value?: unknown }).value) };
}

/** A state value as one word. */
export function statePath(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => (typeof inner === 'object' && Object.keys(inner as object).length === 0 ? name : `${name}.${statePath(inner)}`))
    .join(' ');
}
