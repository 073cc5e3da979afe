import { expect, test } from 'vitest';
import fc from 'fast-check';
import { recordFrom } from '../../inspector/record-check.ts';
import { recordsVersion, type InspectRecord } from '../../inspector/records.ts';
import { runs } from '../property.ts';

const near = { of: 'near', at: 1.5 } as const;

const all: readonly InspectRecord[] = [
  {
    ...near,
    type: 'head',
    version: recordsVersion,
    epoch: 1_790_000_000_000,
    agent: { name: 'host', version: '1', pid: 7, role: undefined, protocol: 'virtagent-2' },
    charts: [
      {
        name: 'client',
        isJob: true,
        states: [{ path: 'new', parent: undefined, type: 'atomic', description: 'x' }],
        edges: [{ from: undefined, to: 'new', event: 'xstate.init', guard: undefined, actions: ['a'] }],
        firstEdge: 0,
      },
    ],
    payloads: false,
    control: true,
    methods: [{ name: 'ping', params: { type: 'object' } }],
    serves: [{ name: 'pong', params: undefined }],
  },
  { ...near, type: 'job', job: -1, chart: 'manager', tag: '', method: undefined, class: 'client', urgency: 1, bytes: 0 },
  { ...near, type: 'steps', after: [0, 0.25], jobs: [1, 2], edges: [0, 3] },
  { ...near, type: 'end', job: 1, outcome: 'timed-out', known: 'not-sent', code: 'TIMEOUT' },
  { ...near, type: 'counts', edges: [1], taken: [5] },
  {
    ...near,
    type: 'gauges',
    link: 'up',
    jobs: 3,
    send: { slots: 1, taken: 1, waiting: 0 },
    execute: { slots: Infinity, taken: 0, parked: 0, waiting: 0 },
    server: { count: 0, bytes: 0 },
    client: { count: 0, bytes: 0 },
    credit: { requests: 5, bytes: 100 },
    paused: false,
    counters: { messagesIn: 4 },
  },
  { ...near, type: 'message', direction: 'in', message: 'request', tag: 'a', bytes: 5, value: { any: ['thing'] } },
  { ...near, type: 'left-out', jobs: 1, steps: 2, why: 'ring', oneIn: 1 },
  { ...near, type: 'live' },
  { ...near, type: 'gone', reason: 'stopped' },
];

test('every kind of record passes as JSON leaves it', () => {
  for (const record of all) {
    const read = JSON.parse(JSON.stringify(record)) as unknown;
    expect(recordFrom(read)).toBe(read);
  }
});

test('a record with a member missing, or of another kind, is none', () => {
  for (const record of all) {
    const read = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
    for (const member of Object.keys(read).filter(
      (one) => !(one === 'value' || one === 'methods' || one === 'serves' || one === 'code' || one === 'link' || one === 'credit'),
    )) {
      const { [member]: _, ...rest } = read;
      // Of a message the tag may be missing: a notification has none.
      if (!(record.type === 'message' && member === 'tag'))
        expect([record.type, member, recordFrom(rest)]).toEqual([record.type, member, undefined]);
      expect([record.type, member, recordFrom({ ...read, [member]: { not: 'this' } })]).toEqual([record.type, member, undefined]);
    }
  }
});

test('lists of different lengths, texts and lists without end, and kinds of another version are none', () => {
  const steps = { ...near, type: 'steps', after: [0], jobs: [1, 2], edges: [0, 1] };
  const long = 'x'.repeat(5000);
  for (const one of [
    steps,
    { ...near, type: 'counts', edges: [1, 2], taken: [1] },
    { ...near, type: 'gone', reason: long },
    { ...all[1], method: long },
    { ...near, type: 'steps', after: [Infinity], jobs: [1], edges: [1] },
    { ...near, type: 'steps', after: [0], jobs: [1], edges: [-1] },
    { ...near, type: 'counts', edges: Array(300_000).fill(1), taken: Array(300_000).fill(1) },
    { ...near, type: 'toString' },
    { ...near, type: 'later' },
    { ...near, of: 'middle', type: 'live' },
    { ...near, at: Number.NaN, type: 'live' },
  ])
    expect(recordFrom(one)).toBeUndefined();
});

test('whatever is no record is none, and nothing throws', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...all.map(({ type }) => type)), (any, type) => {
      recordFrom(any);
      recordFrom({ of: 'near', at: 0, type, charts: any, agent: any, after: any, jobs: any, edges: any, counters: any, send: any });
    }),
    runs(100),
  );
});

test('what another version has besides is left out, and what is nested without end, or is no moment, makes it no record', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
  const [head] = JSON.parse(JSON.stringify(all)) as [Record<string, unknown>];
  const read = { ...near, type: 'live', more: nested(10_000) };
  expect(recordFrom(read)).toEqual({ ...near, type: 'live' });
  const message = { ...near, type: 'message', direction: 'in', message: 'request', bytes: 5 };
  expect(recordFrom({ ...message, value: nested(10) })).toBeDefined();
  for (const one of [
    { ...message, value: nested(10_000) },
    { ...message, value: 'x'.repeat(1_000_000) },
    { ...head, methods: [{ name: 'm', params: nested(10_000) }] },
    { ...head, agent: { ...(head['agent'] as object), more: nested(10_000) } },
    { ...head, epoch: 1e300 },
    { ...near, type: 'live', at: 1e300 },
    { ...near, type: 'steps', after: [1e300], jobs: [1], edges: [1] },
  ])
    expect(recordFrom(one)).toBeUndefined();
});
