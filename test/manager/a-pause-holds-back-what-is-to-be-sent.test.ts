import { expect, test } from 'vitest';
import { World } from './world.ts';

test('while it is paused nothing is sent, answers and exempt jobs neither; what is taken is still executed', () => {
  const world = new World({ sendSlots: Infinity });
  world.manager.gate('all');
  world.manager.pause(true);
  world.client('call');
  world.client('nested', { exempt: true });
  world.server('request');
  world.executed('request');
  expect(world.news()).toEqual(['execute request']);
  expect(world.manager.isPaused).toBe(true);
  world.manager.pause(false);
  expect(world.news()).toEqual(['send request', 'send call', 'send nested']);
  expect(world.manager.isPaused).toBe(false);
});

test('what the line does ends no pause, and a pause opens no gate', () => {
  const world = new World();
  world.manager.gate('none');
  world.manager.pause(true);
  world.client('call');
  world.manager.gate('all');
  world.manager.lineLost();
  world.settle();
  world.manager.gate('all');
  expect(world.news()).toEqual([]);
  world.manager.gate('none');
  world.manager.pause(false);
  expect(world.news()).toEqual([]);
  world.manager.gate('all');
  expect(world.news()).toEqual(['send call']);
});

test('what is being sent when the pause comes is sent to its end, and deadlines run on', () => {
  const world = new World();
  world.manager.gate('all');
  world.client('first');
  world.client('second', { timeoutMs: 50 });
  world.manager.pause(true);
  world.sent('first');
  world.read('first');
  world.step(50);
  expect([world.outcome('first'), world.outcome('second')]).toEqual(['value/executed', 'timed-out/not-sent']);
});

test('a message in pieces waits between them', () => {
  const world = new World();
  world.manager.gate('all');
  world.client('long');
  world.news();
  world.manager.pause(true);
  world.sent('long', { ok: true, more: true });
  expect(world.news()).toEqual([]);
  world.manager.pause(false);
  expect(world.news()).toEqual(['send long']);
});

test('stopping ends the pause, or it would never be done', async () => {
  const world = new World();
  world.manager.gate('all');
  world.manager.pause(true);
  world.client('call');
  const stopped = world.manager.stop();
  world.manager.pause(true);
  expect(world.news()).toEqual(['send call']);
  world.finish();
  await stopped;
});

test('anything but true or false is refused', () => {
  const world = new World();
  expect(() => world.manager.pause('yes' as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
