import { expect, test } from 'vitest';
import { Past } from '../../inspector/past.ts';
import type { InspectRecord, Side } from '../../inspector/records.ts';
import { head, job } from './hand-made.ts';

const live = (of: Side): InspectRecord => ({ type: 'live', of, at: 0 });
const gone = (of: Side): InspectRecord => ({ type: 'gone', of, at: 0, reason: 'over' });

/** What of a list is past, told one by one, and whether it was over then. */
function past(records: readonly InspectRecord[]): [string[], boolean] {
  const one = new Past();
  return [records.flatMap((record) => one.of([record])).map(({ type, of }) => `${of} ${type}`), one.isOver];
}

test('of one side it is what comes before what happens now', () => {
  expect(past([head('near'), job('near', 1, 1, 'client'), live('near'), job('near', 2, 2, 'client')])).toEqual([
    ['near head', 'near job'],
    true,
  ]);
});

test('of two sides it is over when both have told all, whichever is first', () => {
  const told = [
    head('far'),
    job('far', 1, 1, 'server'),
    live('far'),
    job('far', 9, 2, 'server'),
    head('near'),
    job('near', 1, 1, 'client'),
  ];
  expect(past(told)).toEqual([['far head', 'far job', 'near head', 'near job'], false]);
  expect(past([...told, live('near')])[1]).toBe(true);
  expect(past([head('near'), head('far'), live('near'), job('far', 1, 1, 'server')])).toEqual([
    ['near head', 'far head', 'far job'],
    false,
  ]);
});

test('a side that has gone is not waited for, and that it has gone is told', () => {
  expect(past([head('far'), head('near'), gone('far'), live('near')])).toEqual([['far head', 'near head', 'far gone'], true]);
  expect(past([head('near'), gone('near')])).toEqual([['near head', 'near gone'], true]);
});

test('one batch or many make no difference', () => {
  const told = [head('far'), live('far'), head('near'), job('near', 1, 1, 'client'), live('near'), job('near', 2, 2, 'client')];
  expect(new Past().of(told).map(({ type, of }) => `${of} ${type}`)).toEqual(past(told)[0]);
});
