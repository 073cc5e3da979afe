import { expect, onTestFinished, test } from 'vitest';
import { shareRecords } from '../../inspector/far/line-share.ts';
import { LineSide } from '../../inspector/far/line-side.ts';
import { Sides } from '../../inspector/far/sides.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import type { VirtagentError } from '../../transport/errors.ts';
import type { Clock } from '../../transport/timers.ts';
import type { Peer } from '../../actors/index.ts';
import { pairOfPeers, settled } from '../support/peers.ts';
import { edgeOf, head, job, step } from './hand-made.ts';
import { FakeInspector } from './support/requests.ts';

/** No time passes: what is put off happens in the next turn. */
const atOnce: Clock = {
  now: () => 0,
  setTimeout: (fn) => setImmediate(fn),
  clearTimeout: (handle) => clearImmediate(handle as NodeJS.Immediate),
};

const live: InspectRecord = { type: 'live', of: 'near', at: 0 };

async function line(
  methods?: Record<string, never>,
): Promise<{ inspector: FakeInspector; side: LineSide; troubles: VirtagentError[]; guest: Peer; host: Peer }> {
  const inspector = new FakeInspector();
  inspector.past = [head('near', { agent: { name: 'the guest', version: '1', pid: 1, role: 'guest', protocol: undefined } }), live];
  const { host, guest } = await pairOfPeers({}, { methods: methods ?? { inspect: shareRecords(inspector, atOnce) as never } });
  const troubles: VirtagentError[] = [];
  const side = new LineSide(host as never, (error) => troubles.push(error), atOnce);
  onTestFinished(() => side.stop());
  return { inspector, side, troubles, guest: guest as never, host: host as never };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settled(1);
}

test('who looks on is told how the far side is, and then what happens there, as far', async () => {
  const { inspector, side } = await line();
  const sides = new Sides();
  const told: InspectRecord[] = [];
  sides.watch({ take: (records) => void told.push(...records) });
  sides.attach('far', side);
  await until(() => told.some(({ type }) => type === 'live'));
  expect(told[0]).toMatchObject({ type: 'head', of: 'far', agent: { name: 'the guest' } });
  inspector.tell(job('near', 5, 1, 'client', { tag: 'abc' }), step('near', 5, 1, edgeOf('client', undefined, 'new')));
  await until(() => told.some(({ type }) => type === 'job'));
  expect(told.every(({ of }) => of === 'far')).toBe(true);
  expect(told.find(({ type }) => type === 'job')).toMatchObject({ job: 1, tag: 'abc' });
});

test('nothing is asked while nobody looks on; one question serves all, and the last to leave ends it', async () => {
  const { inspector, side } = await line();
  await settled(20);
  expect(inspector.viewers.size).toBe(0);
  const told: InspectRecord[][] = [[], []];
  const first = side.watch({ take: (records) => void told[0]?.push(...records) });
  await until(() => told[0]?.some(({ type }) => type === 'live') === true);
  inspector.tell(job('near', 5, 1, 'client'), step('near', 5, 1, edgeOf('client', undefined, 'new')));
  await until(() => told[0]?.some(({ type }) => type === 'job') === true);
  const second = side.watch({ take: (records) => void told[1]?.push(...records) });
  // The second has the job that began before it came.
  expect(told[1]?.map(({ type }) => type)).toEqual(['head', 'counts', 'job', 'steps', 'live']);
  expect(inspector.viewers.size).toBe(1);
  first.stop();
  second.stop();
  await until(() => inspector.viewers.size === 0);
});

test('a side that gives no leave tells nothing, and it is said why', async () => {
  const { side, troubles } = await line({});
  const told: InspectRecord[] = [];
  side.watch({ take: (records) => void told.push(...records) });
  await until(() => troubles.length > 0);
  expect(troubles[0]?.code).toBe('METHOD_NOT_FOUND');
  expect(told.filter(({ type }) => type !== 'gone')).toEqual([]);
});

test('what a hostile far side sends is checked: only records of its own side are taken', async () => {
  const items = [7, 'x', [null, { type: 'later' }, { ...live, of: 'far' }], [head('near'), live], Array(20_000).fill(live)];
  const { side } = await line({
    inspect: async function* () {
      yield* items;
      await new Promise(() => {});
    } as never,
  });
  const told: InspectRecord[] = [];
  side.watch({ take: (records) => void told.push(...records) });
  await until(() => told.some(({ type }) => type === 'live'));
  await settled(20);
  expect(told.map(({ type }) => type)).toEqual(['head', 'live']);
});

test('a viewer that is behind is told nothing, and begins anew when it is ready', async () => {
  const { inspector, side } = await line();
  const told: InspectRecord[] = [];
  let isReady = true;
  side.watch({ take: (records) => void told.push(...records), isReady: () => isReady });
  await until(() => told.some(({ type }) => type === 'live'));
  isReady = false;
  const before = told.length;
  inspector.tell(job('near', 5, 1, 'client'));
  await settled(50);
  expect(told.length).toBe(before);
  isReady = true;
  inspector.tell(job('near', 6, 2, 'client'));
  await until(() => told.length > before);
  expect(told.slice(before).map(({ type }) => type)).toEqual(expect.arrayContaining(['head', 'job', 'live']));
});

test('a call of another version, or one too many, is refused in words', async () => {
  const { host } = await line();
  await expect(host.call('inspect', { version: 99 })).rejects.toMatchObject({ message: expect.stringContaining('version 1') as string });
  await expect(host.call('inspect')).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
});
