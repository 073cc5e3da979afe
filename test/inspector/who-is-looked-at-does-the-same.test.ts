import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createInspector, type Inspector } from '../../inspector/inspector.ts';
import { Comparison } from '../compiled/same.ts';
import { acts, logOf } from '../manager/script.ts';
import { Onlooker } from './viewers.ts';
import { runs } from '../property.ts';

const open: Inspector[] = [];
afterEach(() => {
  for (const inspector of open.splice(0)) inspector.stop();
});

/** Viewers of every kind: one that follows, one that is always behind, one that throws. */
const viewers = [
  () => new Onlooker(),
  () => ({ take: () => {}, isReady: () => false }),
  () => ({
    take: () => {
      throw new Error('viewer');
    },
  }),
];

test.each([false, true])(
  'whatever happens, it happens in the same way with an inspector and its viewers (interpreted: %s)',
  (interpretCharts) => {
    fc.assert(
      fc.property(acts, fc.boolean(), (drawn, credits) => {
        // A simulated clock that is put forward in the middle of itself runs what else waits in another order; no real one is.
        const script = drawn.map((act) => (act.does === 'time' ? { ...act, inside: false } : act));
        const alone = logOf(script, { credits, interpretCharts });
        const watched = logOf(script, { credits, interpretCharts }, (manager) => {
          const inspector = createInspector({ manager, ringSteps: 1024 });
          open.push(inspector);
          for (const viewer of viewers) inspector.watch(viewer());
        });
        const comparison = new Comparison({ inOrder: true });
        expect(watched.length).toBe(alone.length);
        for (const [i, entry] of alone.entries()) comparison.check(entry, watched[i], `${i} ${entry[0]}`);
      }),
      runs(50),
    );
  },
);
