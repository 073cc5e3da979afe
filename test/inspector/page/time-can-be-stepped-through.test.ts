import { expect, test } from 'vitest';
import { Store } from '../../../inspector/page/state/store.ts';
import { head, job, walk } from '../hand-made.ts';

/** Both sides take steps in turn; the other side's clock began 100 ms later. */
function store(): Store {
  const shown = new Store();
  const { model } = shown;
  model.add(head('near'));
  model.add(head('far', { epoch: 1_700_000_000_100 }));
  model.add(job('near', 200, 1, 'client', { tag: 'h1' }));
  model.add(
    walk('near', 1, 'client', [
      [200, 'new'],
      [210, 'busy.sending'],
      [230, 'sent'],
    ]),
  );
  model.add(job('far', 120, 1, 'server', { tag: 'h1' }));
  model.add(
    walk('far', 1, 'server', [
      [120, 'new'],
      [140, 'busy.executing'],
    ]),
  );
  return shown;
}

/** Where a side's only job stands in the moment that is shown. */
const standing = (shown: Store, side: 'near' | 'far'): string | undefined => {
  const view = shown.view(side);
  return view?.jobs.map((one) => view.standingOf(one).state?.path)[0];
};

test('a step back leads to the step before, whichever side took it, and forth again', () => {
  const shown = store();
  const cursors: (number | 'live')[] = [];
  for (let n = 0; n < 6; n++) {
    shown.stepBy(-1);
    cursors.push(shown.cursor);
  }
  expect(cursors).toEqual([240, 230, 220, 210, 200, 200]);
  shown.stepBy(1);
  expect(shown.cursor).toBe(210);
});

test('both sides are shown as they were in the same moment', () => {
  const shown = store();
  shown.set({ cursor: 225 });
  expect([standing(shown, 'near'), standing(shown, 'far')]).toEqual(['busy.sending', 'new']);
  shown.set({ cursor: 205 });
  expect([standing(shown, 'near'), standing(shown, 'far')]).toEqual(['new', undefined]);
});

test('past the last step it is now again', () => {
  const shown = store();
  shown.set({ cursor: 240 });
  shown.stepBy(1);
  expect(shown.cursor).toBe('live');
});

test('paused, it stays at the moment at which it was', () => {
  const shown = store();
  shown.setPaused(true);
  expect(shown.cursor).toBe(230);
  shown.model.add(job('near', 999, 2, 'client'));
  expect(shown.view('near')?.jobs).toHaveLength(1);
  shown.setPaused(false);
  expect(shown.view('near')?.jobs).toHaveLength(2);
});
