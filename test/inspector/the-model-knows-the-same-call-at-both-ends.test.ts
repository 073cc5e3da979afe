import { expect, test } from 'vitest';
import { Model } from '../../inspector/model.ts';
import type { Side } from '../../inspector/records.ts';
import { head, job, walk } from './hand-made.ts';

/** How far the far side's clock is ahead of the near one's, in milliseconds. */
const ahead = 5_000;

interface Times {
  readonly sent: number;
  /** On the line: there, and back. */
  readonly there: number;
  readonly back: number;
}

/** A call from one side to the other, told by both, each by its own clock. */
function call(model: Model, caller: Side, tag: string, number: number, { sent, there, back }: Times): void {
  const callee: Side = caller === 'near' ? 'far' : 'near';
  const [ours, theirs] = caller === 'near' ? [0, ahead] : [ahead, 0];
  const arrived = sent + there + theirs;
  const answered = sent + there + 20 + back + ours;
  model.add(job(caller, sent + ours, number, 'client', { tag }));
  model.add(
    walk(caller, number, 'client', [
      [sent + ours, 'new'],
      [sent + ours, 'busy.sending'],
      [sent + ours + 1, 'sent'],
    ]),
  );
  model.add(job(callee, arrived, number, 'server', { tag }));

  model.add(
    walk(callee, number, 'server', [
      [arrived, 'new'],
      [arrived, 'busy.executing'],
      [arrived + 19, 'executed'],
      [arrived + 20, 'busy.sending'],
      [arrived + 21, 'busy.callback'],
      [arrived + 21, 'done'],
    ]),
  );
  const last = [
    [answered, 'read'],
    [answered, 'busy.callback'],
    [answered, 'done'],
  ] as const;
  const whole = walk(caller, number, 'client', [[0, 'new'], [0, 'busy.sending'], [0, 'sent'], ...last]);
  if (whole.type !== 'steps') throw new Error('no steps');
  model.add({ ...whole, at: answered, after: [0, 0, 0], jobs: whole.jobs.slice(3), edges: whole.edges.slice(3) });
}

function bothSides(): Model {
  const model = new Model();
  model.add(head('near'));
  model.add(head('far', { epoch: 1_700_000_000_000 - 700 }));
  return model;
}

test('a call is found at the other side by its tag, from either, and tags of the two callers are not mixed up', () => {
  const model = bothSides();
  call(model, 'near', '7', 1, { sent: 10, there: 5, back: 5 });
  call(model, 'far', '7', 2, { sent: 10, there: 5, back: 5 });
  const ours = model.side('near')?.track(1);
  const theirs = model.side('far')?.track(1);
  if (ours === undefined || theirs === undefined) throw new Error('not told');
  expect(model.counterpart(ours)).toBe(theirs);
  expect(model.counterpart(theirs)).toBe(ours);
  expect(model.side('near')?.track(2)?.record.class).toBe('server');
  expect(model.counterpart(model.side('near')?.track(2) as never)).toBe(model.side('far')?.track(2));
});

test('before any call the clocks differ by what the computers say', () => {
  expect(bothSides().clocks).toEqual({ offset: -700, delay: Infinity, samples: 0 });
});

test('the clocks are aligned by the call that was the shortest on the line, whoever made it', () => {
  const model = bothSides();
  call(model, 'near', '1', 1, { sent: 100, there: 5, back: 300 });
  expect(model.clocks?.offset).toBeCloseTo(-ahead + (300 - 5) / 2);
  call(model, 'near', '2', 2, { sent: 500, there: 2, back: 2 });
  call(model, 'far', '3', 3, { sent: 600, there: 40, back: 3 });
  expect(model.clocks).toEqual({ offset: -ahead, delay: 4, samples: 3 });
  expect(model.nearTime('far', ahead + 12)).toBe(12);
  expect(model.timeOf('far', 12)).toBe(ahead + 12);
});

test('no call contradicts what is believed of the clocks: none arrived before it was sent', () => {
  const model = bothSides();
  call(model, 'near', '1', 1, { sent: 100, there: 0, back: 10 });
  call(model, 'near', '2', 2, { sent: 200, there: 11, back: 0 });
  // The shorter alone would have the second answer arrive five milliseconds before it was sent.
  expect(model.clocks).toEqual({ offset: -ahead, delay: 0, samples: 2 });
});

test('where calls contradict each other, as a clock was set, the later are believed', () => {
  const model = bothSides();
  call(model, 'near', '1', 1, { sent: 100, there: 1, back: 1 });
  call(model, 'near', '2', 2, { sent: 200, there: 1_001, back: -999 });
  call(model, 'near', '3', 3, { sent: 300, there: 1_003, back: -997 });
  expect(model.clocks).toEqual({ offset: -ahead - 1_000, delay: 2, samples: 2 });
});

test('tags are known of the latest jobs, and one that comes again is of the later', () => {
  const model = new Model({ jobs: 3 });
  model.add(head('near'));
  model.add(head('far'));
  const told = (of: Side, number: number, tag: string): void => {
    model.add(job(of, 1, number, of === 'near' ? 'client' : 'server', { tag }));
    model.add({ type: 'end', of, at: 1, job: number, outcome: 'value', known: 'executed', code: undefined });
  };
  told('near', 1, 'a');
  told('near', 2, 'b');
  told('near', 3, 'a');
  told('far', 9, 'a');
  const [first, , again] = model.side('near')?.jobs.list ?? [];
  if (first === undefined || again === undefined) throw new Error('not told');
  expect(model.counterpart(first)).toBeUndefined();
  expect(model.counterpart(again)?.number).toBe(9);
  told('near', 4, 'c');
  expect(model.counterpart(again)?.number).toBe(9);
  told('near', 5, 'd');
  told('near', 6, 'e');
  expect(model.counterpart(again)).toBeUndefined();
});

test('a side that begins anew has no calls in common with what was before', () => {
  const model = bothSides();
  call(model, 'near', '1', 1, { sent: 100, there: 5, back: 5 });
  model.add(head('far'));
  expect(model.counterpart(model.side('near')?.track(1) as never)).toBeUndefined();
  expect(model.clocks?.samples).toBe(0);
});
