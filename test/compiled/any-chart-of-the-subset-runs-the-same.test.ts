import fc from 'fast-check';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { chartFrom, charts, eventTypes, tags, type ChartSpec } from './random-charts.ts';
import { stepsOf } from './steps.ts';
import { runs } from '../property.ts';
import { comparePureRuns, compareRuns, newPen, type Subject } from './twins.ts';

// XState's development build tells of events that were sent to an actor that is over.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

const own = eventTypes.map((type) => ({ type, tells: type }));
/** Without inspectors nobody sees microsteps. */
const isInspected = fc.constantFrom(true, true, false);
const steps = stepsOf(fc.constantFrom(...own));

function subject(spec: ChartSpec, isInspected: boolean): Subject {
  const pen = newPen();
  pen.fuel = 1000;
  const { chart, values } = chartFrom(spec, pen);
  return { chart, pen, isInspected, asked: { values, events: [...own, { type: 'unknown' }], tags } };
}

test('whatever is sent to whatever chart, tables and interpreter show, run and remember the same', () => {
  fc.assert(
    fc.property(charts, steps, isInspected, (spec, all, inspected) => compareRuns(subject(spec, inspected), all)),
    runs(400),
  );
});

test('and XState’s pure functions give the same snapshots and the same actions', () => {
  fc.assert(
    fc.property(charts, steps, (spec, all) => comparePureRuns(subject(spec, false), all)),
    runs(200),
  );
});
