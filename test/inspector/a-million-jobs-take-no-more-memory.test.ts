import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { createManager, type Operations } from '../../actors/index.ts';
import { createInspector } from '../../inspector/inspector.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const operations: Operations = { send: (sending) => sending.done({ ok: true }), callback() {} };

test('a million jobs, each of a method of its own, leave a ring and a viewer as large as they were', { timeout: 900_000 }, () => {
  const clock = new SimulatedClock();
  const manager = createManager({ clock });
  const inspector = createInspector({ manager, ringSteps: 2 ** 14 });
  let told = 0;
  inspector.watch({ take: (records) => void (told += records.length) });
  let jobs = 0;
  const run = (count: number): void => {
    for (const until = jobs + count; jobs < until;) {
      const tag = `${jobs++}`;
      manager.addClient({ tag, method: `method ${tag}`, operations });
      manager.readDone(tag, { ok: true });
      if (jobs % 500 === 0) clock.increment(100);
    }
  };
  run(100_000);
  const before = heapUsed();
  run(900_000);
  const grown = heapUsed() - before;
  expect(told).toBeGreaterThan(1000);
  expect(grown).toBeLessThan(4 * 1024 * 1024);
  inspector.stop();
});
