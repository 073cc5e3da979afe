import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import type { Manager } from '../../actors/manager.ts';
import { createInspector, type Inspector, type InspectorOptions } from '../../inspector/inspector.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { acts, Script } from '../manager/script.ts';
import { World } from '../manager/world.ts';
import { Onlooker } from './viewers.ts';
import { runs } from '../property.ts';

const open: Inspector[] = [];
afterEach(() => {
  for (const inspector of open.splice(0)) inspector.stop();
});

function inspected(manager: Manager, options: InspectorOptions = {}): Inspector {
  const inspector = createInspector({ manager, ringSteps: 1024, ...options });
  open.push(inspector);
  return inspector;
}

const notice: Kind = { name: 'notice', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };

/** One call, from its beginning to its end. */
function call(world: World, tag: string): void {
  world.client(tag, { method: 'm' });
  world.sent(tag);
  world.read(tag);
}

test('who comes later is told what was before: head, counts, jobs and steps, gauges, and then that it is live', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager, { name: 'test', version: '1.2', role: 'host' });
  call(world, 'a');
  world.client('b', { urgency: 2, bytes: 5 });
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.step();
  expect(viewer.records.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['head', 'job', 'steps', 'end', 'counts', 'gauges', 'live']),
  );
  expect(viewer.records[0]).toMatchObject({ type: 'head', of: 'near', version: 1, agent: { name: 'test', version: '1.2', role: 'host' } });
  expect(viewer.records.at(-1)?.type).toBe('live');
  expect([...viewer.paths].map(([, path]) => path.join(' '))).toEqual([
    'open',
    'new busy.sending sent read busy.callback done',
    'new busy.sending',
  ]);
  expect(viewer.jobs.get(2)).toMatchObject({ chart: 'client', tag: 'b', class: 'client', urgency: 2, bytes: 5 });
  expect(viewer.jobs.get(1)).toMatchObject({ tag: 'a', method: 'm' });
  expect(viewer.of('end')).toMatchObject([{ job: 1, outcome: 'value', known: 'executed' }]);
});

test('what follows is told in batches, ten a second, each viewer at its own place', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const [first, second] = [new Onlooker(), new Onlooker()];
  inspector.watch(first);
  world.step();
  call(world, 'a');
  inspector.watch(second);
  expect(first.paths.get(1)).toBeUndefined();
  world.step(100);
  call(world, 'b');
  world.step(100);
  expect(first.paths).toEqual(second.paths);
  expect(first.paths.get(2)).toHaveLength(6);
});

test('a viewer that has left is told nothing more, and one that throws is let go', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const left = new Onlooker();
  let thrown = 0;
  const watching = inspector.watch(left);
  inspector.watch({
    take: () => {
      thrown++;
      throw new Error('viewer');
    },
  });
  watching.stop();
  const told = left.records.length;
  call(world, 'a');
  world.step(1000);
  expect([left.records.length, thrown]).toEqual([told, 1]);
});

test('jobs that are live when it is attached stand where they stand, and their steps follow', () => {
  const world = new World();
  world.manager.gate('all');
  world.client('sending');
  world.client('waiting');
  world.server('executing');
  const inspector = inspected(world.manager);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.step();
  expect(viewer.live).toMatchObject({ 'client sending': 'busy.sending', 'client waiting': 'new', 'server executing': 'busy.executing' });
  expect(viewer.standing).toMatchObject({ 'client busy.sending': 1, 'client new': 1, 'server busy.executing': 1 });
  world.sent('sending');
  world.step(100);
  expect(viewer.live).toMatchObject({ 'client sending': 'sent', 'client waiting': 'busy.sending' });
  expect(viewer.standing).toMatchObject({ 'client sent': 1, 'client busy.sending': 1 });
});

test.each([false, true])(
  'whatever happens, viewers of any time end up with the same jobs in the same states (interpreted: %s)',
  (interpretCharts) => {
    fc.assert(
      fc.property(acts, fc.array(fc.record({ at: fc.nat(80), isBehind: fc.boolean() }), { maxLength: 5 }), (script, comings) => {
        const world = new World({
          kinds: [notice],
          sendSlots: 2,
          executeSlots: 2,
          maxServerJobs: 6,
          maxClientJobs: 6,
          interpretCharts,
          inspect: () => {},
        });
        world.manager.gate('all');
        const all = new Script(world, []);
        const viewers: Onlooker[] = [];
        let inspector: Inspector | undefined;
        for (const [at, act] of script.entries()) {
          for (const { isBehind } of comings.filter((one) => one.at === at)) {
            inspector ??= createInspector({ manager: world.manager, ringSteps: 1024 });
            const viewer = new Onlooker();
            viewer.isBehind = isBehind;
            viewers.push(viewer);
            inspector.watch(viewer);
          }
          all.run(act);
        }
        for (const viewer of viewers) viewer.isBehind = false;
        const journal = world.manager._journal;
        if (inspector === undefined || journal === undefined) return;
        inspector.stop();
        const live = new Set(journal.source.table.all().map(({ ref }) => ref.seq));
        const isOver = world.manager.ref.getSnapshot().status !== 'active';
        for (const viewer of viewers) {
          const jobs = [...viewer.paths].filter(([job]) => job > 0);
          const standing = jobs.filter(([, path]) => path.at(-1) !== 'done');
          // A kill inside an operation stops charts where they stand.
          if (!isOver) expect(new Set(standing.map(([job]) => job))).toEqual(live);
          const ended = viewer.of('end').map(({ job }) => job);
          const over = jobs.filter(([job, path]) => !live.has(job) || path.at(-1) === 'busy.callback').map(([job]) => job);
          expect(ended.toSorted((a, b) => a - b)).toEqual(over.toSorted((a, b) => a - b));
        }
      }),
      runs(100, { endOnFailure: true }),
    );
  },
);

test('a viewer that falls behind is told what it missed, and where everything stands', () => {
  const world = new World({ sendSlots: Infinity });
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.client('long');
  world.client('ends');
  world.step(100);
  viewer.isBehind = true;
  world.sent('ends');
  world.read('ends');
  for (let n = 0; n < 300; n++) call(world, `x${n}`);
  world.sent('long');
  world.step(1000);
  expect(viewer.live['client ends']).toBe('busy.sending');
  viewer.isBehind = false;
  world.step(100);
  const [left] = viewer.of('left-out');
  expect(left).toMatchObject({ why: 'ring' });
  expect(left?.jobs).toBeGreaterThan(100);
  expect(viewer.live).toMatchObject({ 'client long': 'sent' });
  expect(viewer.live['client ends']).toBeUndefined();
  const told = [...viewer.jobs.values()].filter(({ chart }) => chart === 'client').length;
  expect(told + (left?.jobs ?? 0)).toBe(302);
});

test('when more happens than it is to be told, whole jobs are left out, and counts stay exact', () => {
  const world = new World({ sendSlots: Infinity });
  world.manager.gate('all');
  const inspector = inspected(world.manager, { ringSteps: 2 ** 16, stepsPerSecond: 1000 });
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.step();
  for (let turn = 0; turn < 20; turn++) {
    for (let n = 0; n < 200; n++) call(world, `t${turn}.${n}`);
    world.step(100);
  }
  const calls = [...viewer.jobs.values()].filter(({ chart }) => chart === 'client');
  const left = viewer.of('left-out');
  expect(left.every(({ why }) => why === 'rate')).toBe(true);
  expect(Math.max(...left.map(({ oneIn }) => oneIn))).toBeGreaterThan(4);
  expect(calls.length + left.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(4000);
  for (const { job } of calls) expect(viewer.paths.get(job)?.join(' ')).toBe('new busy.sending sent read busy.callback done');
  const steps = viewer.of('steps').reduce((sum, { edges }) => sum + edges.length, 0);
  expect(steps).toBeLessThan(20 * 200);
  expect(steps + left.reduce((sum, one) => sum + one.steps, 0)).toBe(4000 * 6);
  const chart = viewer.head.charts.find(({ name }) => name === 'client');
  expect(viewer.counts.get(chart?.firstEdge ?? -1)).toBe(4000);
  // It gets calm: everything is told again.
  for (let turn = 0; turn < 20; turn++) world.step(100);
  const before = viewer.jobs.size;
  for (let n = 0; n < 5; n++) call(world, `calm${n}`);
  world.step(100);
  expect(viewer.jobs.size - before).toBe(5);
});

test('what the ring has lost before anybody came is said', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  for (let n = 0; n < 1000; n++) call(world, `x${n}`);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.step();
  const calls = [...viewer.jobs.values()].filter(({ chart }) => chart === 'client').length;
  const jobs = viewer.of('left-out').reduce((sum, one) => sum + one.jobs, 0);
  expect(jobs + calls).toBe(1000);
  expect(calls).toBeGreaterThan(100);
  expect(viewer.standing['manager open']).toBe(1);
});

test('counts at the beginning of the past are those before it, so that past steps add up to the present', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  for (let n = 0; n < 1000; n++) call(world, `x${n}`);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  const before = viewer.counts;
  world.step();
  const steps = new Map<number, number>();
  for (const { edges } of viewer.of('steps')) for (const edge of edges) steps.set(edge, (steps.get(edge) ?? 0) + 1);
  const left = viewer
    .of('left-out')
    .slice(1)
    .reduce((sum, one) => sum + one.steps, 0);
  const client = viewer.head.charts.find(({ name }) => name === 'client');
  let missing = 0;
  for (const [at] of (client?.edges ?? []).entries()) {
    const edge = (client?.firstEdge ?? 0) + at;
    missing += (viewer.counts.get(edge) ?? 0) - (before.get(edge) ?? 0) - (steps.get(edge) ?? 0);
  }
  // Steps of the one job whose beginning was cut off.
  expect(missing).toBe(left);
  expect(missing).toBeLessThan(6);
});

test('gauges are what the manager itself says, and are told when they change', () => {
  const world = new World({ sendSlots: 2, executeSlots: 3 });
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  world.step();
  world.client('a', { bytes: 10 });
  world.step(100);
  world.step(1000);
  const gauges = viewer.of('gauges');
  expect(gauges).toHaveLength(2);
  const { send, execute, server, client } = world.manager.slots;
  expect(gauges[1]).toMatchObject({ jobs: 1, send, execute, server, client, paused: false });
});

test('when the manager has ended viewers are told, and so is who comes then', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const [early, late] = [new Onlooker(), new Onlooker()];
  inspector.watch(early);
  world.client('a');
  world.manager.kill();
  world.step(100);
  inspector.watch(late);
  world.step(100);
  for (const viewer of [early, late]) {
    expect(viewer.records.at(-1)).toMatchObject({ type: 'gone', reason: 'it has ended' });
    expect(viewer.of('end')).toMatchObject([{ job: 1, outcome: 'cancelled', code: 'STOPPED' }]);
  }
});

test('a stopped inspector tells its viewers, is watched by nobody and leaves nothing behind', () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected(world.manager);
  const viewer = new Onlooker();
  inspector.watch(viewer);
  inspector.stop();
  inspector.stop();
  expect(viewer.records.at(-1)).toMatchObject({ type: 'gone', reason: 'the inspector was stopped' });
  expect(world.manager._journal).toBeUndefined();
  expect(world.left).toMatchObject({ hostTimers: 0 });
  expect(() => inspector.watch(viewer)).toThrow(expect.objectContaining({ code: 'STOPPED' }));
});

test.each([
  ['peer', {}],
  ['ringSteps', { ringSteps: 1000 }],
  ['ringSteps', { ringSteps: 2 ** 25 }],
  ['stepsPerSecond', { stepsPerSecond: 0 }],
  ['payloads', { payloads: true }],
  ['payloads', { payloads: 'yes' }],
  ['control', { control: 1 }],
  ['redact', { redact: ['--'] }],
  ['name', { name: 'x'.repeat(201) }],
] as const)('a wrong %s is refused: %j', (option, wrong) => {
  const { manager } = new World();
  const options = (option === 'peer' ? {} : { manager, ...wrong }) as InspectorOptions;
  expect(() => createInspector(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(option) }),
  );
});
