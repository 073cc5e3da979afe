import { expect, test } from 'vitest';
import { Recorded } from '../../inspector/recorded.ts';
import { readRecording, recordingLine } from '../../inspector/recording.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import type { Clock } from '../../transport/timers.ts';
import { head, job } from './hand-made.ts';

const jobs = Array.from({ length: 1_200 }, (_, number) => job('near', number, number, 'client'));
const lines = [head('near'), head('far'), ...jobs].map(recordingLine);

/** A clock whose timers run when the test says so. */
function stepped(): Clock & { run(): boolean } {
  let due: (() => void) | undefined;
  return {
    now: () => 0,
    setTimeout: (fn) => (due = fn),
    clearTimeout: () => (due = undefined),
    run() {
      const fn = due;
      due = undefined;
      fn?.();
      return fn !== undefined;
    },
  };
}

test('all of it is told, in its order, and then each side has gone', async () => {
  const clock = stepped();
  const told: InspectRecord[] = [];
  new Recorded(readRecording(lines), clock).watch({ take: (records) => void told.push(...records) });
  expect(told.length).toBe(500);
  while (clock.run());
  expect(told.slice(0, 1_202)).toEqual([head('near'), head('far'), ...jobs].map((record) => JSON.parse(JSON.stringify(record)) as unknown));
  expect(told.slice(1_202).map(({ type, of }) => `${of} ${type}`)).toEqual(['near live', 'near gone', 'far live', 'far gone']);
  expect(await new Recorded(readRecording(lines)).act()).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
});

test('a viewer that is behind is waited for, and nothing is left out; one that leaves is told no more', () => {
  const clock = stepped();
  const told: InspectRecord[] = [];
  let isReady = true;
  const watching = new Recorded(readRecording(lines), clock).watch({
    take: (records) => void told.push(...records),
    isReady: () => isReady,
  });
  isReady = false;
  for (let turn = 0; turn < 5; turn++) clock.run();
  expect(told.length).toBe(500);
  isReady = true;
  clock.run();
  expect(told.length).toBe(1_000);
  watching.stop();
  expect(clock.run()).toBe(false);
});

test('that lines could not be read is said at the end of each side', () => {
  const told: InspectRecord[] = [];
  const clock = stepped();
  new Recorded(readRecording([...lines.slice(0, 3), 'garbage\n']), clock).watch({ take: (records) => void told.push(...records) });
  expect(told.filter(({ type }) => type === 'gone')).toEqual([
    { type: 'gone', of: 'near', at: 0, reason: 'the recording ends here; 1 of its lines could not be read' },
    { type: 'gone', of: 'far', at: 0, reason: 'the recording ends here; 1 of its lines could not be read' },
  ]);
});
