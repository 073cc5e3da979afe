import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jobStates } from '../../actors/job-events.ts';
import type { Kind } from '../../actors/kinds.ts';
import type { CreateManagerOptions } from '../../actors/manager-logic.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { Kept } from './journals.ts';
import { acts, Script } from '../manager/script.ts';
import { World } from '../manager/world.ts';
import { runs } from '../property.ts';

const notice: Kind = { name: 'notice', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };
const limits: CreateManagerOptions = { kinds: [notice], sendSlots: 2, executeSlots: 2, maxServerJobs: 6, maxClientJobs: 6, window: 2 };

test.each([false, true])('what is written down is what observers see, whatever happens (interpreted: %s)', (interpretCharts) => {
  fc.assert(
    fc.property(acts, (script) => {
      const world = new World({ ...limits, interpretCharts, inspect: () => {} });
      const kept = new Kept(world.manager);
      const seen = new Map<number, string[]>();
      jobStates(world.manager).subscribe(({ seq, state }) => seen.set(seq, [...(seen.get(seq) ?? []), state]));
      world.manager.gate('all');
      const all = new Script(world, []);
      for (const act of script) {
        all.run(act);
        expect(kept.counted).toEqual(kept.seen);
      }
      const written = [...kept.paths].filter(([job]) => job > 0);
      kept.release();
      expect(written.toSorted(([a], [b]) => a - b)).toEqual([...seen].toSorted(([a], [b]) => a - b));
    }),
    runs(60),
  );
});
