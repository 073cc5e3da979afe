import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

test('what an execute came to is what is sent, and what the callback is told', () => {
  const world = new World();
  world.server('a');
  world.executed('a', { ok: true, value: 42 });
  expect(world.sending('a').value).toEqual({ ok: true, value: 42 });
  world.sent('a');
  expect(world.outcomeOf('a')).toEqual({ type: 'value', value: 42, known: 'executed' });
  expect(world.log).toEqual(['execute a', 'send a', 'callback a']);
  expect(world.left).toEqual(nothingLeft);
});

test('a failed execute is answered: its error is the response', () => {
  const world = new World();
  const error = new Error('no');
  world.server('a');
  world.executed('a', { ok: false, error });
  expect(world.sending('a').value).toEqual({ ok: false, error });
  world.sent('a');
  expect(world.outcomeOf('a')).toEqual({ type: 'error', error, known: 'executed' });
});

test('a response is what the callback is told, be it a value or an error', () => {
  const world = new World();
  world.client('a');
  world.sent('a');
  world.read('a', { ok: true, value: 'yes' });
  expect(world.outcomeOf('a')).toEqual({ type: 'value', value: 'yes', known: 'executed' });
  world.client('b');
  world.sent('b');
  world.read('b', { ok: false, error: 'no' });
  expect(world.outcomeOf('b')).toEqual({ type: 'error', error: 'no', known: 'executed' });
  expect(world.left).toEqual(nothingLeft);
});

test('a failed send ends a request, and says what the sender knows of the other side', () => {
  const world = new World();
  world.client('a');
  world.sent('a', { ok: false, error: 'broken' });
  expect(world.outcomeOf('a')).toEqual({ type: 'send-failed', error: 'broken', known: 'perhaps-executed' });
  world.client('b');
  world.sent('b', { ok: false, error: 'closed', known: 'not-sent' });
  expect(world.outcomeOf('b')).toEqual({ type: 'send-failed', error: 'closed', known: 'not-sent' });
  expect(world.left).toEqual(nothingLeft);
});

test('a failed send ends the job of a request that came in: its answer is not sent twice', () => {
  const world = new World();
  world.server('a');
  world.executed('a');
  world.sent('a', { ok: false, error: 'broken' });
  expect(world.outcomeOf('a')).toEqual({ type: 'send-failed', error: 'broken', known: 'executed' });
  expect(world.log).toEqual(['execute a', 'send a', 'callback a']);
  expect(world.left).toEqual(nothingLeft);
});

test('a request that is not to be answered ends when it was executed', () => {
  const world = new World();
  world.server('a', { answers: false });
  world.executed('a', { ok: true, value: 1 });
  world.server('b', { answers: false });
  world.executed('b', { ok: false, error: 'no' });
  expect([world.outcome('a'), world.outcome('b')]).toEqual(['value/executed', 'error/executed']);
  expect(world.log).toEqual(['execute a', 'callback a', 'execute b', 'callback b']);
  expect(world.left).toEqual(nothingLeft);
});
