import fc from 'fast-check';
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import type { Step } from './twins.ts';

/** XState's own events, and some that no chart lists. */
export const foreignEvents: readonly AnyEventObject[] = [
  { type: 'unknown' },
  { type: '*' },
  { type: 'xstate.init' },
  { type: 'xstate.stop' },
  { type: 'xstate.after.1.m' },
  { type: 'xstate.done.state.m' },
  { type: 'xstate.done.actor.child', output: 1 },
  { type: 'xstate.error.actor.child', error: new Error('child') },
];

/** An event, or what picks one by what the interpreted chart has come to. A failure prints its type. */
export type Pick = AnyEventObject | ((now: AnyMachineSnapshot) => AnyEventObject);

/** Strings of some thirty steps: mostly events of the chart's own, seldom anything else. */
export function stepsOf(own: fc.Arbitrary<Pick>, asJson: fc.Arbitrary<boolean> = fc.boolean()): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 90, arbitrary: own.map(sent) },
      { weight: 6, arbitrary: fc.constantFrom(...foreignEvents).map(sent) },
      { weight: 5, arbitrary: asJson.map((asJson): Step => ({ does: 'restore', asJson })) },
      { weight: 1, arbitrary: fc.constant<Step>({ does: 'stop' }) },
    ),
    { minLength: 20, maxLength: 40, size: 'max' },
  );
}

function sent(pick: Pick): Step {
  const event = typeof pick === 'function' ? pick : () => pick;
  return { does: 'send', event: Object.assign(event, { [fc.toStringMethod]: () => (typeof pick === 'function' ? pick.name : pick.type) }) };
}
