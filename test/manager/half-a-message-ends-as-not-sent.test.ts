import { expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { nothingLeft, World } from './world.ts';

const notification: Kind = { name: 'notification', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };
const piece = { ok: true, more: true } as const;

/** How far job `a` has come; another waits behind it. */
const reach: Readonly<Record<string, (world: World) => void>> = {
  'in its first piece': () => {},
  'between two pieces': (world) => {
    world.manager.gate('none');
    world.sent('a', piece);
  },
  'between two pieces while another is sent': (world) => {
    world.client('urgent', { urgency: 2, exempt: true });
    world.sent('a', piece);
  },
  'in a later piece': (world) => world.sent('a', piece),
};
const endings: Readonly<Record<string, readonly [end: (world: World) => void, outcome: string, isTold: boolean]>> = {
  'a cancel': [(world) => world.job('a').cancel(), 'cancelled', true],
  'its deadline': [(world) => world.step(10), 'timed-out', true],
  'a lost line': [(world) => world.manager.lineLost(), 'line-lost', false],
};
const cases = Object.keys(reach).flatMap((way) => Object.keys(endings).map((ending) => [ending, way] as const));

function ended(kind: string, way: string, ending: string): { world: World; news: string[] } {
  const world = new World({ kinds: [notification] });
  world.add(kind, 'a', { timeoutMs: 10 });
  if (kind === 'server') world.executed('a');
  reach[way]?.(world);
  world.news();
  endings[ending]?.[0](world);
  return { world, news: world.news() };
}

/** Whatever is still being written is done, and all has come back once. */
function expectNothingLeft(world: World): void {
  world.manager.gate('all');
  world.finish();
  world.settle();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
}

test.each(cases)('a request that %s ends %s: the peer is told, and it is known whether it can have been executed', (ending, way) => {
  const [, outcome, isTold] = endings[ending] as (typeof endings)[string];
  const { world, news } = ended('client', way, ending);
  expect(news.filter((line) => line.endsWith(' a'))).toEqual(isTold ? ['abort a', 'callback a'] : ['callback a']);
  expect(world.outcome('a')).toBe(`${outcome}/${way.startsWith('between') ? 'not-sent' : 'perhaps-executed'}`);
  expectNothingLeft(world);
});

test.each(cases)('a notification that %s ends %s: half of one is none', (ending, way) => {
  const { world, news } = ended('notification', way, ending);
  expect(news.filter((line) => line.endsWith(' a'))).toEqual(['callback a']);
  expect(world.outcome('a')).toBe(`${endings[ending]?.[1]}/${way.startsWith('between') ? 'not-sent' : 'perhaps-executed'}`);
  expectNothingLeft(world);
});

test.each(cases)('an answer that %s ends %s: its request was executed all the same', (ending, way) => {
  const { world, news } = ended('server', way, ending);
  expect(news.filter((line) => line.endsWith(' a'))).toEqual(['callback a']);
  expect(world.outcome('a')).toBe(`${endings[ending]?.[1]}/executed`);
  expectNothingLeft(world);
});

test.each(['in its first piece', 'in a later piece'])(
  'a job that is gone %s gives its slot back with that piece, also if there was more',
  (way) => {
    for (const kind of ['client', 'server', 'notification']) {
      const { world } = ended(kind, way, 'a cancel');
      world.client('b');
      expect([world.taken, world.log]).toEqual(['1/0/0', []]);
      world.sent('a', piece);
      expect([world.taken, world.log]).toEqual(['1/0/0', ['send b']]);
      world.sent('a', piece);
      expect([world.taken, world.violations.length]).toEqual(['1/0/0', 1]);
    }
  },
);

test.each([true, false])('a request that is answered before it is all there is sent no further; answered well: %s', (ok) => {
  const response = ok ? ({ ok, value: 'v' } as const) : ({ ok, error: 'too large' } as const);
  const outcome = ok ? 'value/executed' : 'error/executed';
  for (const way of Object.keys(reach)) {
    const world = new World({ window: 1 });
    world.client('a');
    world.client('b');
    reach[way]?.(world);
    world.news();
    world.read('a', response);
    expect(world.outcome('a')).toBe(way.startsWith('between') ? outcome : 'running');
    world.manager.gate('all');
    if (world.outcome('a') === 'running') world.sent('a', piece);
    expect([world.outcome('a'), world.log.includes('send a')]).toEqual([outcome, false]);
    if (way.endsWith('sent')) world.sent('urgent');
    if (way.endsWith('sent')) world.read('urgent');
    // Its place in the window is free.
    expect(world.log).toContain('send b');
    expectNothingLeft(world);
  }
});

test('a piece that fails ends it, with what its sender knows', () => {
  for (const [completion, outcome] of [
    [{ ok: false, error: 'cut' }, 'send-failed/perhaps-executed'],
    [{ ok: false, error: 'closed', known: 'not-sent' }, 'send-failed/not-sent'],
  ] as const) {
    const world = new World();
    world.client('a');
    world.sent('a', piece);
    world.sent('a', completion);
    expect([world.outcome('a'), world.left]).toEqual([outcome, nothingLeft]);
  }
});

test('a piece that is completed twice, or for a line that is gone, moves nothing', () => {
  const world = new World();
  world.client('a');
  const first = world.sending('a');
  first.done(piece);
  first.done(piece);
  expect([world.taken, world.violations]).toEqual(['1/0/0', [{ where: 'manager', event: 'send_done', tag: 'a' }]]);
  world.client('b');
  world.manager.lineLost();
  world.manager.gate('all');
  world.sending('a').done(piece);
  expect([world.taken, world.outcome('a'), world.violations.length]).toEqual(['1/0/0', 'line-lost/perhaps-executed', 1]);
});

test('a send that throws after it has said that there is more has done so: the error is told, and the next piece is sent', () => {
  const world = new World();
  world.inside('send a', () => {
    world.sent('a', piece);
    throw new Error('boom');
  });
  world.client('a');
  expect(world.log).toEqual(['send a', 'send a']);
  expect(world.errors.map(({ operation, tag }) => `${operation} ${tag}`)).toEqual(['send a']);
  expect(world.taken).toBe('1/0/0');
});

test('many pieces, each completed inside its own send, take no more stack than one', () => {
  const world = new World({ inspect: undefined });
  let left = 20_000;
  world.client('a', { operations: { send: (sending) => sending.done(--left > 0 ? piece : { ok: true }) } });
  world.read('a');
  expect([left, world.outcome('a')]).toEqual([0, 'value/executed']);
});
