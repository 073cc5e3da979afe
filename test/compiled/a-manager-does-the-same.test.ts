import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { acts, Script, type Act } from '../manager/script.ts';
import { World } from '../manager/world.ts';
import { Comparison } from './same.ts';
import { runs, type Log } from './twins.ts';

const notice: Kind = { name: 'notice', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };

/** Runs a script with a manager; gives all that it asked for, told and showed, in order. */
function logOf(script: readonly Act[], credits: boolean, interpretCharts: boolean): Log {
  const log: Log = [];
  const told =
    (what: string) =>
    (...seen: unknown[]): void =>
      void log.push([what, ...seen]);
  const world = new World({
    interpretCharts,
    credits,
    kinds: [notice],
    sendSlots: 2,
    executeSlots: 2,
    maxServerJobs: 6,
    maxClientJobs: 6,
    window: 2,
    random: () => 0.5,
    inspect: told('inspected'),
    onViolation: told('violation'),
    onError: told('error'),
    onSettled: told('settled'),
  });
  world.manager.gate('all');
  const all = new Script(world, log);
  for (const one of script) {
    all.run(one);
    const { slots, jobs, violations, timers } = world.manager;
    log.push(['then', slots, jobs, violations, timers.size, world.manager.ref.getSnapshot()]);
  }
  log.push(['asked for', world.news()]);
  return log;
}

test('a script leads to the same operations, outcomes, errors and inspection events, on tables or interpreted', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(acts, fc.boolean(), (script, credits) => {
      const [interpreted, onTables] = [logOf(script, credits, true), logOf(script, credits, false)];
      const comparison = new Comparison({ inOrder: true });
      for (let i = 0; i < Math.max(interpreted.length, onTables.length); i++)
        comparison.check(interpreted[i], onTables[i], `${i} ${interpreted[i]?.[0] ?? 'end'}`);
      for (const [what] of onTables) taken.add(what);
    }),
    runs(200),
  );
  expect([...taken].sort()).toEqual(
    ['abort', 'added', 'asked for', 'callback', 'does', 'execute', 'inspected', 'resume', 'send', 'settled', 'then', 'violation'].sort(),
  );
});
