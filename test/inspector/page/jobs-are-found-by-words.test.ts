import { expect, test } from 'vitest';
import { Model, type View } from '../../../inspector/model.ts';
import { everyJob, shownJobs, type JobFilter, type JobOrder } from '../../../inspector/page/state/job-filter.ts';
import { edgeOf, head, job, step, walk } from '../hand-made.ts';

/** Three jobs: one that was answered, one that was refused, one of theirs that runs. */
function three(): View {
  const model = new Model();
  model.add(head());
  model.add(job('near', 0, 1, 'client', { tag: 'h1', method: 'getfile', bytes: 30 }));
  model.add(
    walk('near', 1, 'client', [
      [0, 'new'],
      [1, 'busy.sending'],
      [2, 'sent'],
      [9, 'read'],
      [9, 'busy.callback'],
    ]),
  );
  model.add({ type: 'end', of: 'near', at: 9, job: 1, outcome: 'value', known: 'executed', code: undefined });
  model.add(step('near', 9, 1, edgeOf('client', 'busy.callback', 'done')));
  model.add(job('near', 10, 2, 'client', { tag: 'h2', method: 'getdmesg', bytes: 10 }));
  model.add(
    walk('near', 2, 'client', [
      [10, 'new'],
      [11, 'busy.callback'],
    ]),
  );
  model.add({ type: 'end', of: 'near', at: 11, job: 2, outcome: 'error', known: 'refused', code: 'BUSY' });
  model.add(job('near', 20, 3, 'server', { tag: 'g1', method: 'ping', bytes: 20 }));
  model.add(
    walk('near', 3, 'server', [
      [20, 'new'],
      [21, 'busy.executing'],
    ]),
  );
  return model.viewAt('near', 'live') as View;
}

const found = (filter: Partial<JobFilter>, order: JobOrder = 'began', descending = false): number[] =>
  shownJobs(three(), { ...everyJob, ...filter }, order, descending).map(({ number }) => number);

test('each word has to be part of some column', () => {
  expect(found({ text: 'get' })).toEqual([1, 2]);
  expect(found({ text: 'GET busy' })).toEqual([2]);
  expect(found({ text: 'executing' })).toEqual([3]);
  expect(found({ text: 'nothing' })).toEqual([]);
  expect(found({ text: '  ' })).toEqual([1, 2, 3]);
});

test('a word with the name of a column is looked for there alone', () => {
  expect(found({ text: 'code:busy' })).toEqual([2]);
  expect(found({ text: 'state:busy' })).toEqual([2, 3]);
  expect(found({ text: 'direction:in' })).toEqual([3]);
  expect(found({ text: 'method:get outcome:value' })).toEqual([1]);
  // It is no column, though every object has it.
  expect(found({ text: 'constructor:x' })).toEqual([]);
});

test('only what failed, only what is live, only one kind', () => {
  expect(found({ failedOnly: true })).toEqual([2]);
  expect(found({ liveOnly: true })).toEqual([3]);
  expect(found({ kind: 'client' })).toEqual([1, 2]);
});

test('they are in the order that is asked for, and newest first where they are equal', () => {
  expect(found({}, 'began', true)).toEqual([3, 2, 1]);
  expect(found({}, 'bytes')).toEqual([2, 3, 1]);
  expect(found({}, 'method')).toEqual([2, 1, 3]);
  expect(found({}, 'kind', true)).toEqual([3, 2, 1]);
});

test('at a past moment they are looked for as they were then', () => {
  const view = three().history.viewAt(5);
  expect(shownJobs(view, { ...everyJob, text: 'state:sent' }, 'began', true).map(({ number }) => number)).toEqual([1]);
  expect(shownJobs(view, { ...everyJob, liveOnly: true }, 'began', true)).toHaveLength(1);
});
