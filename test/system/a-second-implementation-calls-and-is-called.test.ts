import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder, until } from '../channels/support.ts';
import { rejection } from '../support/peers.ts';
import { meeting, settings, type More, type Setting } from './support/meeting.ts';
import { pattern } from './support/pattern.ts';
import type { Second } from './support/second.ts';

function met(setting: Setting, more?: More) {
  const path = join(folder(), 'line');
  return meeting(setting, { listen: path, connect: path }, more);
}

/** Calls that go there and back: what was under way before has arrived. */
async function roundTrips(call: (method: string) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 20; n++) await call('echo');
}

/** Asks until it has made so many items. */
async function hasMade(second: Second, items: number): Promise<void> {
  while ((await second.report()).made !== items) await second.report();
}

describe.each(settings)('a peer of the second implementation, $listens listening, reliable: $reliable', (setting) => {
  test('values of any kind come back as they were, in both directions', async () => {
    const { ours, second } = await met(setting);
    const value = {
      text: 'grüße \u{1f600} \u2028 "\\',
      half: '\ud800',
      numbers: [0, -1, 1.5, 2 ** 53 - 1, 1e-7, 1e300],
      nothing: [null, {}, [], '', true, false],
      '': { 'a/b~c': Buffer.from([0xff, 0xfe, 0, 1]), bytes: [Buffer.alloc(0), [Buffer.alloc(300, 0xff)]] },
    };
    for (const each of [value, 'text', 5, true, [], Buffer.from('bytes')]) {
      expect(await ours.call('echo', each)).toEqual(each);
      expect(await second.call('echo', each)).toEqual(each);
    }
    expect((await second.report()).reliable).toBe(setting.reliable);
    expect(ours.counters).toMatchObject({ damaged: 0, violations: 0 });
  });

  test('errors of a method, of its handler, and of a method that is not there', async () => {
    const { ours, second } = await met(setting);
    const own = { code: 4711, message: 'an error of its own', data: { why: Buffer.from('because') } };
    expect(await rejection(ours.call('fail'))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed', remote: own });
    expect(await rejection(second.call('fail'))).toMatchObject({ code: 'REMOTE_ERROR', remote: own });
    for (const [method, code] of [
      ['broken', 'HANDLER_FAILED'],
      ['missing', 'METHOD_NOT_FOUND'],
    ] as const) {
      expect(await rejection(ours.call(method))).toMatchObject({ code });
      expect(await rejection(second.call(method))).toMatchObject({ code });
    }
  });

  test('5 MiB in each direction at once, of bytes and of text', async () => {
    const { ours, second } = await met(setting);
    const size = 5 * 1024 * 1024;
    const words = 'aé€\u{1f600}'.repeat(size / 10);
    const [bytes, text, theirs] = await Promise.all([
      ours.call('echo', pattern(size, 1)) as Promise<Buffer>,
      ours.call('echo', words),
      second.call('echo', { data: pattern(size, 2) }) as Promise<{ data: Buffer }>,
    ]);
    expect([bytes.equals(pattern(size, 1)), text === words, theirs.data.equals(pattern(size, 2))]).toEqual([true, true, true]);
  });

  test('handlers call back the side that called them', async () => {
    const { ours, second } = await met(setting, { options: { executeSlots: 1 } });
    const there = { method: 'back', params: { method: 'back', params: { method: 'echo', params: 'there and back' } } };
    expect(await ours.call('back', there)).toBe('there and back');
    expect(await second.call('back', there)).toBe('there and back');
  });

  test('progress comes in its order and before the result', async () => {
    const { ours, second } = await met(setting);
    const heard: unknown[] = [];
    expect(await ours.call('steps', { to: 50 }, { onProgress: (value) => heard.push(value) })).toBe('end');
    const steps = Array.from({ length: 50 }, (_, step) => step);
    expect(heard).toEqual(steps);
    expect(await second.call('steps', { to: 50 }, { progress: true })).toBe('end');
    for (const step of steps) expect(await second.event('progress')).toBe(step);
  });

  test('notifications arrive in their order, in both directions', async () => {
    const { ours, second, mine } = await met(setting);
    for (let n = 0; n < 5; n++) {
      await ours.notify('told', { n });
      await second.command('notify', { method: 'told', params: { n } });
    }
    for (let n = 0; n < 5; n++) expect(await second.event('notification')).toEqual({ method: 'told', params: { n } });
    await until(() => mine.told.length === 5);
    expect(mine.told).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
  });

  test('a cancel from either side ends the handler', async () => {
    const { ours, second, mine } = await met(setting);
    const abort = new AbortController();
    const ourCall = rejection(ours.call('held', { key: 'ours' }, { signal: abort.signal }));
    expect(await second.event('begun')).toBe('ours');
    abort.abort();
    expect(await ourCall).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
    expect(await second.event('aborted')).toBe('ours');
    const theirCall = second.call('held', { key: 'theirs' });
    const theirEnd = rejection(theirCall);
    await until(() => mine.begun.length === 1);
    await second.cancel(theirCall);
    expect(await theirEnd).toMatchObject({ code: 'CANCELLED' });
    await until(() => mine.aborted.length === 1);
    expect(ours.slots).toMatchObject({ server: { count: 0 }, client: { count: 0 } });
  });

  test('streamed results come whole, with what the generator returns', async () => {
    const { ours, second } = await met(setting);
    for (const to of [0, 1, 500]) {
      let n = 0;
      for await (const item of ours.stream('numbers', { to, size: 300 })) expect(item).toEqual({ n, pad: Buffer.alloc(300, n++) });
      expect(n).toBe(to);
      const stream = await second.stream('numbers', { to, size: 300 }, { items: 7, bytes: 5_000 });
      const read = await stream.read(1_000);
      expect(read).toEqual([...Array.from({ length: to }, (_, at) => ({ n: at, pad: Buffer.alloc(300, at) })), { result: to }]);
    }
  });

  test('a stream of a method that has none is empty, and a call of one that streams is refused', async () => {
    const { ours, second } = await met(setting);
    expect(await ours.stream('echo', 'plain').next()).toEqual({ done: true, value: 'plain' });
    const stream = await second.stream('echo', 'plain', { items: 1, bytes: 1 });
    expect(await stream.read()).toEqual([{ result: 'plain' }]);
    expect(await rejection(ours.call('numbers', { to: 3 }))).toMatchObject({ code: 'HANDLER_FAILED' });
    expect(await rejection(second.call('numbers', { to: 3 }))).toMatchObject({ code: 'HANDLER_FAILED' });
  });

  test('a stream that fails says why, behind its items', async () => {
    const { ours, second } = await met(setting);
    expect(await rejection(ours.stream('missing').next())).toMatchObject({ code: 'METHOD_NOT_FOUND' });
    const missing = await second.stream('missing', null, { items: 1, bytes: 1 });
    expect(await rejection(missing.read())).toMatchObject({ code: 'METHOD_NOT_FOUND' });
    const unsendable = await second.stream('unsendable', null, { items: 9, bytes: 1_000 });
    expect(await unsendable.read(2)).toEqual(['first', 'second']);
    expect(await rejection(unsendable.read())).toMatchObject({ code: 'HANDLER_FAILED' });
    // As many as may be at once, and one more; who leaves one may begin another.
    const begin = () => second.stream('numbers', { to: 5 }, { items: 1, bytes: 1 });
    const streams = await Promise.all(Array.from({ length: 64 }, begin));
    await Promise.all(streams.map((stream) => stream.read()));
    expect(await rejection((await begin()).read())).toMatchObject({ code: 'BUSY' });
    await streams[0]?.leave();
    expect(await (await begin()).read()).toMatchObject([{ n: 0 }]);
  });

  test('an urgent call passes a large one, in both directions', async () => {
    const { ours, second } = await met(setting);
    await Promise.all([ours.call('echo'), second.call('echo')]);
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const large = Buffer.alloc(3 * 1024 * 1024, 1);
    await Promise.all([ours.call('echo', large).then(note('ours')), ours.call('echo', 'small', { urgency: 2 }).then(note('ours, urgent'))]);
    await Promise.all([
      second.call('echo', large).then(note('theirs')),
      second.call('echo', 'small', { urgency: 2 }).then(note('theirs, urgent')),
    ]);
    expect(order).toEqual(['ours, urgent', 'ours', 'theirs, urgent', 'theirs']);
  });

  test('no more items are made than there is room for, and who leaves ends them', async () => {
    const { ours, second, mine } = await met(setting);
    const stream = ours.stream('numbers', { to: 1_000 }, { room: { items: 10, bytes: 1_000_000 } });
    await stream.next();
    await hasMade(second, 10);
    await roundTrips((method) => ours.call(method));
    expect((await second.report()).made).toBe(10);
    for (let n = 0; n < 9; n++) await stream.next();
    await hasMade(second, 20);
    stream.cancel();
    expect(await second.event('ended')).toBe(20);

    const theirs = await second.stream('numbers', { to: 1_000, size: 10_000 }, { items: 1_000, bytes: 95_000 });
    await theirs.read();
    // The bytes of the last may go beyond.
    await until(() => mine.made === 10);
    await roundTrips((method) => second.call(method));
    expect(mine.made).toBe(10);
    await theirs.read(5);
    await until(() => mine.made >= 15);
    await theirs.leave();
    await until(() => mine.hasEnded);
    expect(mine.made).toBeLessThan(20);
  });

  test('what is known of a call can be asked', async () => {
    const { ours, second, mine } = await met(setting, { options: { executeSlots: 1 } });
    const call = ours.call('held', { key: 'ours' });
    await second.event('begun');
    expect(await ours.statusOf(call)).toBe('running');
    await second.command('release');
    await call;
    expect([await ours.statusOf(call), await ours.statusOf('never.1')]).toEqual(['answered', 'unknown']);

    const theirs = [second.call('held', { key: 'first' }), second.call('held', { key: 'second' })];
    const tags = [await second.event('tag'), await second.event('tag')];
    const ask = (tag: unknown): Promise<unknown> => second.command('status', { tag });
    await until(() => mine.begun.length === 1);
    expect([await ask(tags[0]), await ask(tags[1])]).toEqual(['running', 'queued']);
    mine.release();
    await Promise.all(theirs);
    expect([await ask(tags[0]), await ask('never.1')]).toEqual(['answered', 'unknown']);
  });

  test('a request whose deadline has passed when it comes is refused and not executed', async () => {
    const { second, mine } = await met(setting);
    expect(await rejection(second.call('count', { key: 'late' }, { late_ms: 1_000 }))).toMatchObject({ code: 'EXPIRED' });
    expect(await second.call('count', { key: 'in time' }, { timeout_ms: 60_000 })).toBe('in time');
    expect(mine.executed).toEqual({ 'in time': 1 });
  });

  test('more calls than may wait there wait where they are made', async () => {
    const { ours, second, mine } = await met(setting, { options: { maxServerJobs: 8, executeSlots: 2 } });
    const keys = Array.from({ length: 600 }, (_, n) => `${n}`);
    const [theirs, held] = [keys.map((key) => second.call('count', { key })), keys.map((key) => ours.call('held', { key }))];
    expect(await Promise.all(theirs)).toEqual(keys);
    expect(Object.values(mine.executed)).toEqual(keys.map(() => 1));
    await until(() => ours.slots.credit?.requests === 0);
    // An answer is on its way though no request may be.
    expect(await second.call('back', { method: 'echo', params: 1 })).toBe(1);
    await second.command('release');
    expect(await Promise.all(held)).toEqual(keys);
    expect(Object.values((await second.report()).executed)).toEqual(keys.map(() => 1));
  });

  test('the limits of the other side are kept to', async () => {
    const limits = { frame: 300, message: 4_000, messages: 1, depth: 6, method: 20 };
    const { ours, second } = await met(setting, {
      limits,
      options: { limits: { maxMessageBytes: 4_000, maxDepth: 6, maxMethodLength: 20 } },
    });
    const fits = [Buffer.alloc(3_500, 1), [[[[['deep']]]]]];
    const texts = await Promise.all(fits.map((each) => ours.call('echo', each)));
    expect(texts).toEqual(fits);
    expect(await Promise.all(fits.map((each) => second.call('echo', each)))).toEqual(fits);
    for (const [method, params] of [
      ['echo', 'x'.repeat(4_000)],
      ['echo', [[[[[['too deep']]]]]]],
      ['m'.repeat(21), null],
    ] as const) {
      expect(await rejection(ours.call(method, params))).toMatchObject({ known: 'not-sent' });
      expect(await rejection(second.call(method, params))).toMatchObject({ known: 'not-sent' });
    }
    // Answers that go beyond are errors.
    for (const [method, code] of [
      ['large', 'MESSAGE_TOO_LARGE'],
      ['deep', 'HANDLER_FAILED'],
    ] as const) {
      expect(await rejection(ours.call(method))).toMatchObject({ code });
      expect(await rejection(second.call(method))).toMatchObject({ code });
    }
    expect(await ours.call('echo', 'goes on')).toBe('goes on');
    expect(ours.sessions).toBe(1);
  });

  test('who stops says so, and what was on the line is lost', async () => {
    const { ours, second } = await met(setting);
    const reasons: unknown[] = [];
    ours.link$.subscribe(({ state, reason }) => state === 'down' && reasons.push(reason));
    const lost = rejection(ours.call('held', { key: 'lost' }));
    await second.event('begun');
    await second.command('stop');
    expect(await lost).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    expect(reasons).toMatchObject([{ code: 'LINE_LOST', message: 'the other side has stopped' }]);
    // The next line is of another session.
    expect(await ours.call('echo', 2)).toBe(2);
    expect([ours.sessions, (await second.report()).sessions]).toEqual([2, 2]);
    await ours.stop();
    expect(await second.event('bye')).toMatchObject({ code: 1 });
  });
});
