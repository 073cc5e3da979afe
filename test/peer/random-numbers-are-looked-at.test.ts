import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { createManager, createPeer, peer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened, settled } from '../support/peers.ts';

/** What is thrown where nobody catches it, while `run` runs and until what follows of it has happened. */
async function uncaughtOf(run: () => unknown): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  // XState reports in a timer what nobody observes; the test runner's own listener would fail the test.
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    process.off('uncaughtException', note);
    for (const other of others) process.on('uncaughtException', other);
  }
  return uncaught;
}

const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

test.each([
  [1, '1'],
  [5, '5'],
  [-1, '-1'],
  [undefined, 'undefined'],
  ['0.5', '"0.5"'],
])('createPeer throws what it says of %o', async (drawn, shown) => {
  let thrown: unknown;
  const random = (): number => drawn as number;
  expect(await uncaughtOf(() => (thrown = thrownBy(() => createPeer({ stream: memoryPair()[0], random }))))).toEqual([]);
  const message = expect.stringMatching(/^random\(\) is .*; it takes numbers from 0 up to 1/) as string;
  expect(thrown).toMatchObject({ code: 'INVALID_OPTION', message });
  expect((thrown as Error).message).toContain(`is ${shown};`);
});

test('createPeer throws what the function throws, and nothing is thrown besides', async () => {
  const error = new Error('no entropy');
  const random = (): number => {
    throw error;
  };
  let thrown: unknown;
  expect(await uncaughtOf(() => (thrown = thrownBy(() => createPeer({ stream: memoryPair()[0], random }))))).toEqual([]);
  expect(thrown).toBe(error);
});

test('an app that invokes the peer has it as the error of its actor', () => {
  const told: unknown[] = [];
  const actor = createActor(peer, { input: { stream: memoryPair()[0], random: () => 1 } });
  actor.subscribe({ error: (error) => told.push(error) });
  actor.start();
  expect(told).toMatchObject([{ code: 'INVALID_OPTION' }]);
});

test('what fails later is told to onError, and the line is none the worse for it', async () => {
  for (let good = 8; good < 14; good++) {
    const told: [unknown, string][] = [];
    let drawn = 0;
    const random = (): number => (drawn++ < good ? Math.random() : Number.NaN);
    const [a, b] = memoryPair();
    opened({ stream: b, methods: { ping: () => 'pong' } });
    const host = opened({ stream: a, random, onError: (error, what) => told.push([error, what]) });
    expect(await host.call('ping')).toBe('pong');
    await settled();
    if (good < 12) expect(told[0]).toMatchObject([{ code: 'INVALID_OPTION' }, 'random']);
  }
});

test('a manager tells onError of it, and pauses all the same', () => {
  const told: unknown[] = [];
  const manager = createManager({ random: () => 7, onError: (error, what) => told.push([error, what]) });
  const send = (sending: { done: (completion: { ok: true; value: undefined }) => void }): void =>
    sending.done({ ok: true, value: undefined });
  const added = manager.addClient({ tag: 'a', operations: { send, callback: () => {} } });
  if (added.ok) added.job.readDone({ ok: false, error: 'busy' }, true);
  expect(told).toMatchObject([[{ code: 'INVALID_OPTION' }, 'random']]);
  manager.kill();
});

test('a function that is none is refused', () => {
  expect(() => createManager({ random: 5 as never })).toThrow(/random is 5; it takes a function/);
  expect(() => createManager({ onError: 'x' as never })).toThrow(/onError is "x"; it takes a function/);
});
