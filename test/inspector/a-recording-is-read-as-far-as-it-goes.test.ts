import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createInspector } from '../../inspector/inspector.ts';
import { readRecording, recordingLimits, recordingLine } from '../../inspector/recording.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { World } from '../manager/world.ts';
import { runs } from '../property.ts';

let records: InspectRecord[] = [];
let whole = '';

beforeAll(() => {
  const world = new World({ sendSlots: 2 });
  world.manager.gate('all');
  const inspector = createInspector({ manager: world.manager });
  const told: InspectRecord[] = [];
  inspector.watch({ take: (more) => told.push(...more) });
  for (let n = 0; n < 5; n++) {
    world.client(`ä${n}`, { method: 'm' });
    world.step(100);
  }
  world.finish();
  inspector.stop();
  records = JSON.parse(JSON.stringify(told)) as InspectRecord[];
  whole = told.map(recordingLine).join('');
});

test('what is written is read', () => {
  expect(records.length).toBeGreaterThan(10);
  expect(readRecording(whole)).toEqual({ records, problems: [], unread: 0 });
});

test('wherever it is cut, it is read up to the cut, and the cut line is named', () => {
  fc.assert(
    fc.property(fc.nat({ max: whole.length }), (length) => {
      const text = whole.slice(0, length);
      const lines = text.split('\n');
      const last = lines.pop() ?? '';
      const { records: read, problems } = readRecording(text);
      // One that lacks nothing but its end is whole all the same.
      const isWhole = last === '' || last === whole.split('\n')[lines.length];
      expect(read).toEqual(records.slice(0, lines.length + (isWhole && last !== '' ? 1 : 0)));
      expect(problems).toEqual(isWhole ? [] : [{ line: lines.length + 1, problem: 'the recording was cut off in it' }]);
    }),
    runs(300),
  );
});

test('it does not matter in which pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: whole.length }), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, i) => whole.slice(at[i], end));
      expect(readRecording(pieces).records).toEqual(records);
    }),
    runs(100),
  );
});

test('lines that are no records are named, and the others are read', () => {
  const lines = whole.trimEnd().split('\n');
  lines.splice(2, 0, 'garbage', '{"type":"steps","of":"near"}', '', '[]');
  const { records: read, problems, unread } = readRecording(`${lines.join('\r\n')}\r\n`);
  expect(read).toEqual(records);
  expect(unread).toBe(3);
  expect(problems).toEqual([
    { line: 3, problem: 'it is not JSON' },
    { line: 4, problem: 'it is no record that this version knows' },
    { line: 6, problem: 'it is no record that this version knows' },
  ]);
});

test('any text at all is read without an error, and what is said of it is bounded', () => {
  fc.assert(
    fc.property(fc.string(), (text) => void expect(readRecording(text).records).toEqual([])),
    runs(100),
  );
  const { problems, unread } = readRecording('x\n'.repeat(1000));
  expect([problems.length, unread]).toEqual([recordingLimits.problems, 1000]);
});

test('a side of another version is left out, which is said once, and what follows its next head is read', () => {
  const [head, ...rest] = records as [InspectRecord, ...InspectRecord[]];
  const text = [{ ...head, version: 99 }, ...rest, head, ...rest].map((record) => recordingLine(record as InspectRecord)).join('');
  const { records: read, problems, unread } = readRecording(text);
  expect(read).toEqual(records);
  expect(unread).toBe(records.length);
  expect(problems).toEqual([{ line: 1, problem: 'what the near side tells from here on is of version 99; this is version 1' }]);
});

test('one that was cut at its beginning says that its head is missing', () => {
  const { records: read, problems } = readRecording(records.slice(1).map(recordingLine).join(''));
  expect(read).toEqual([]);
  expect(problems).toEqual([{ line: 1, problem: 'the near side has no head before it' }]);
});

test('a line that never ends takes no memory', () => {
  const piece = 'x'.repeat(1024 * 1024);
  const { problems } = readRecording(Array.from({ length: 20 }, () => piece));
  expect(problems).toEqual([{ line: 1, problem: `it has more than ${recordingLimits.line} characters` }]);
});
