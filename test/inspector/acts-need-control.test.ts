import { afterEach, expect, test } from 'vitest';
import { createInspector, type Inspector, type InspectorOptions } from '../../inspector/inspector.ts';
import type { Act } from '../../inspector/records.ts';
import { World } from '../manager/world.ts';
import { pairOfPeers, settled } from '../support/peers.ts';
import { Onlooker } from './viewers.ts';

const open: Inspector[] = [];
afterEach(() => {
  for (const inspector of open.splice(0)) inspector.stop();
});

function inspected(options: InspectorOptions): Inspector {
  const inspector = createInspector(options);
  open.push(inspector);
  return inspector;
}

const acts: readonly Act[] = [{ do: 'cancel', job: 1 }, { do: 'call', method: 'm' }, { do: 'pause' }, { do: 'resume' }];

test.each(acts)('without control nothing is done: %j', async (act) => {
  const world = new World();
  world.manager.gate('all');
  world.client('a');
  const inspector = inspected({ manager: world.manager });
  expect(await inspector.act(act)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
  expect([world.outcome('a'), world.manager.isPaused]).toEqual(['running', false]);
});

test('a job is cancelled; one that is not there is named', async () => {
  const world = new World();
  world.manager.gate('all');
  world.client('a');
  const inspector = inspected({ manager: world.manager, control: true });
  expect(await inspector.act({ do: 'cancel', job: 1 })).toEqual({ ok: true });
  expect(world.outcome('a')).toBe('cancelled/perhaps-executed');
  expect(await inspector.act({ do: 'cancel', job: 1 })).toEqual({
    ok: false,
    error: { code: 'INVALID_OPTION', message: 'there is no live job 1' },
  });
  expect(await inspector.act({ do: 'cancel', job: -1 })).toMatchObject({ ok: false });
});

test('sending is paused and resumed, and gauges say so', async () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected({ manager: world.manager, control: true });
  const viewer = new Onlooker();
  inspector.watch(viewer);
  await inspector.act({ do: 'pause' });
  world.client('a');
  world.step(100);
  expect(world.news()).toEqual([]);
  expect(viewer.of('gauges').at(-1)?.paused).toBe(true);
  await inspector.act({ do: 'resume' });
  expect(world.news()).toEqual(['send a']);
});

test('what an inspector has paused goes on when it is stopped', async () => {
  const world = new World();
  world.manager.gate('all');
  const inspector = inspected({ manager: world.manager, control: true });
  await inspector.act({ do: 'pause' });
  world.client('a');
  inspector.stop();
  expect(world.news()).toEqual(['send a']);
  expect(await inspector.act({ do: 'pause' })).toMatchObject({ ok: false, error: { code: 'STOPPED' } });
});

test('a method is called: its result, or its error, is the answer', async () => {
  const { host } = await pairOfPeers(
    {},
    {
      methods: {
        double: (n: number) => ({ n: 2 * n, token: 'abc', bytes: new Uint8Array(3) }),
        fails: () => {
          throw new Error('inside');
        },
      },
    },
  );
  const inspector = inspected({ peer: host, control: true });
  expect(await inspector.act({ do: 'call', method: 'double', params: 4, urgency: 2 })).toEqual({
    ok: true,
    value: { n: 8, token: '(hidden)', bytes: '(3 bytes)' },
  });
  expect(await inspector.act({ do: 'call', method: 'fails' })).toMatchObject({ ok: false, error: { code: 'HANDLER_FAILED' } });
  expect(await inspector.act({ do: 'call', method: 'none' })).toMatchObject({ ok: false, error: { code: 'METHOD_NOT_FOUND' } });
});

test('a manager by itself calls nothing, and what is no act is refused', async () => {
  const inspector = inspected({ manager: new World().manager, control: true });
  expect(await inspector.act({ do: 'call', method: 'm' })).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED' } });
  expect(await inspector.act({ do: 'explode' } as never)).toMatchObject({ ok: false, error: { code: 'INVALID_OPTION' } });
});

test('messages are shown only where payloads are, with what is secret hidden, in their place among the steps', async () => {
  const { host, guest } = await pairOfPeers(
    { protocol: 'virtagent-2' },
    { protocol: 'virtagent-2', methods: { login: () => ({ token: 'abc', ok: true }) } },
  );
  const plain = new Onlooker();
  const full = new Onlooker();
  const [without, withPayloads] = [inspected({ peer: host }), inspected({ peer: host, payloads: true, redact: ['user'] })];
  without.watch(plain);
  withPayloads.watch(full);
  await host.call('login', { user: 'u', password: 'p', at: 1 });
  await settled();
  without.stop();
  withPayloads.stop();
  expect([plain.head.payloads, full.head.payloads, plain.of('message')]).toEqual([false, true, []]);
  const messages = full.of('message');
  expect(messages.map(({ direction, message, value }) => [direction, message, value])).toEqual([
    ['out', 'request', { method: 'login', params: { user: '(hidden)', password: '(hidden)', at: 1 } }],
    ['in', 'response', { answer: { ok: true, value: { token: '(hidden)', ok: true } } }],
  ]);
  expect(messages[0]?.tag).toBe([...full.jobs.values()].find(({ chart }) => chart === 'client')?.tag);
  expect(messages[0]?.bytes).toBeGreaterThan(20);
  const order = full.records.map((record) => (record.type === 'message' ? record.direction : record.type));
  expect(order.indexOf('out')).toBeLessThan(order.indexOf('in'));
  expect(order.indexOf('in')).toBeLessThan(order.indexOf('end'));
  expect(guest.link).toBe('up');
});

test('the head of a peer says what it speaks, and has the charts of its parts', async () => {
  const { host, guest } = await pairOfPeers({ protocol: 'virtagent-2' }, { protocol: 'virtagent-2' });
  const lines = await pairOfPeers({ protocol: 'jsonrpc-lines' });
  for (const [peer, protocol, parts] of [
    [host, 'virtagent-2', ['manager', 'peer', 'link', 'session']],
    [guest, 'virtagent-2', ['manager', 'peer', 'link', 'session']],
    [lines.host, 'jsonrpc-lines', ['manager', 'peer', 'link']],
  ] as const) {
    const viewer = new Onlooker();
    inspected({ peer }).watch(viewer);
    expect(viewer.head.agent.protocol).toBe(protocol);
    expect(viewer.head.charts.filter(({ isJob }) => !isJob).map(({ name }) => name)).toEqual(parts);
    expect(viewer.head.charts.filter(({ isJob }) => isJob).map(({ name }) => name)).toEqual(['server', 'client', 'notice', 'notification']);
    expect(viewer.standing).toMatchObject({ 'link up': 1, 'peer running': 1, 'manager open': 1 });
  }
});

test('what two inspectors have paused goes on when the last of them is stopped, or when anybody resumes it', async () => {
  const { manager } = new World();
  const [first, second] = [inspected({ manager, control: true }), inspected({ manager, control: true })];
  await first.act({ do: 'pause' });
  await second.act({ do: 'pause' });
  first.stop();
  expect(manager.isPaused).toBe(true);
  second.stop();
  expect(manager.isPaused).toBe(false);
  const [third, fourth] = [inspected({ manager, control: true }), inspected({ manager, control: true })];
  await third.act({ do: 'pause' });
  await fourth.act({ do: 'resume' });
  expect(manager.isPaused).toBe(false);
  manager.pause(true);
  third.stop();
  expect(manager.isPaused).toBe(true);
});

test('what the program itself has paused stays so when an inspector that paused as well is stopped', async () => {
  const { manager } = new World();
  manager.pause(true);
  const inspector = inspected({ manager, control: true });
  await inspector.act({ do: 'pause' });
  inspector.stop();
  expect(manager.isPaused).toBe(true);
});
