import { describe, expect, test } from 'vitest';
import { Random } from '../../torture/random.ts';
import { until } from '../channels/support.ts';
import { seed } from '../property.ts';
import { opened, rejection, type Loose } from '../support/peers.ts';
import { unixConnect, unixListen, type Channel } from '../../transport/index.ts';
import { Between } from './support/between.ts';
import { meeting, OurMethods, settings, type More, type Setting } from './support/meeting.ts';
import { Second } from './support/second.ts';

async function met(setting: Setting, more?: More, cutsEvery = () => Infinity) {
  const between = await Between.start(cutsEvery);
  return { between, ...(await meeting(setting, { listen: between.target, connect: between.path }, more)) };
}

describe.each(settings)('a peer of the second implementation, $listens listening, reliable: $reliable', (setting) => {
  test(`calls and streams in both directions survive a line that is cut at any byte (SEED=${seed})`, async () => {
    const random = new Random(seed);
    const { between, ours, second, mine } = await met(setting, {}, () => 200_000 + random.below(200_000));
    const keys = Array.from({ length: 150 }, (_, n) => `${n}`);
    const params = keys.map((key) => ({ key, pad: Buffer.alloc(random.below(20_000), 0xfe) }));
    const streams = [
      (async () => {
        const read: unknown[] = [];
        for await (const { n } of ours.stream('numbers', { to: 200, size: 1_000 }) as AsyncIterable<{ n: number }>) read.push(n);
        return read;
      })(),
      (async () => {
        const stream = await second.stream('numbers', { to: 200, size: 1_000 }, { items: 20, bytes: 50_000 });
        return ((await stream.read(1_000)) as { n: number }[]).flatMap(({ n }) => (n === undefined ? [] : [n]));
      })(),
    ];
    const answers = await Promise.all([
      ...params.map((each) => ours.call('count', each)),
      ...params.map((each) => second.call('count', each)),
    ]);
    expect(answers).toEqual([...keys, ...keys]);
    const whole = Array.from({ length: 200 }, (_, n) => n);
    expect(await Promise.all(streams)).toEqual([whole, whole]);
    // None is executed twice, and all of it was one session.
    const once = Object.fromEntries(keys.map((key) => [key, 1]));
    const report = await second.report();
    expect([mine.executed, report.executed]).toEqual([once, once]);
    expect([ours.sessions, report.sessions]).toEqual([1, 1]);
    expect(between.lines).toBeGreaterThan(10);
    expect(report.resumed).toBeGreaterThan(5);
  });

  test('what runs when the line is cut is answered on the next', async () => {
    const { between, ours, second, mine } = await met(setting);
    const calls = [ours.call('held', { key: 'ours' }), second.call('held', { key: 'theirs' })];
    await second.event('begun');
    await until(() => mine.begun.length === 1);
    between.down();
    await until(() => ours.link !== 'up');
    await second.event('line-lost');
    await second.command('release');
    mine.release();
    between.up();
    expect(await Promise.all(calls)).toEqual(['ours', 'theirs']);
    expect([mine.executed, (await second.report()).executed]).toEqual([{ theirs: 1 }, { ours: 1 }]);
  });

  test('a line that has fallen silent is given up, and the session goes on with the next', async () => {
    const { between, ours, second } = await met(setting, { limits: { heartbeatMs: 500 }, options: { heartbeatMs: 500 } });
    expect(await ours.call('echo', 1)).toBe(1);
    const next = between.nextLine();
    between.hold();
    const calls = [ours.call('echo', 'ours'), second.call('echo', 'theirs')];
    // Held as well: both sides have to give it up.
    await next;
    between.release();
    expect(await Promise.all(calls)).toEqual(['ours', 'theirs']);
    expect([ours.sessions, (await second.report()).sessions]).toEqual([1, 1]);
  });

  test('a line on which nobody calls is kept: each side answers when it is asked', async () => {
    const { between, ours, second } = await met(setting, { limits: { heartbeatMs: 300 }, options: { heartbeatMs: 300 } });
    expect(await ours.call('echo', 1)).toBe(1);
    const said = { listener: 0, caller: 0 };
    between.filter = (from, chunk) => {
      said[from]++;
      return chunk;
    };
    await until(() => said.listener >= 5 && said.caller >= 5);
    expect([await ours.call('echo', 2), await second.call('echo', 3)]).toEqual([2, 3]);
    expect([ours.sessions, (await second.report()).sessions]).toEqual([1, 1]);
  });

  test('a deadline that passes on the way: the request is refused when it comes, and not executed', async () => {
    const { between, ours, second, mine } = await met(setting);
    await Promise.all([ours.call('echo'), second.call('echo')]);
    const refused = new Set<string>();
    ours.messages$.subscribe(({ direction, message }) => {
      const { answer } = message as { answer?: { error?: { code: string } } };
      if (answer?.error?.code === 'EXPIRED') refused.add(direction);
    });
    between.hold();
    // The first is late by all of the second.
    for (const key of ['first', 'second']) {
      const calls = [
        rejection(ours.call('count', { key }, { timeoutMs: 300 })),
        rejection(second.call('count', { key }, { timeout_ms: 300 })),
      ];
      for (const call of calls) expect(await call).toMatchObject({ code: 'TIMEOUT' });
    }
    between.release();
    await Promise.all([ours.call('echo'), second.call('echo')]);
    expect([mine.executed['first'], (await second.report()).executed['first']]).toEqual([undefined, undefined]);
    expect(refused).toEqual(new Set(['in', 'out']));
  });

  test('a session is not kept longer than either side keeps it', async () => {
    const { between, ours, second, mine } = await met(setting, { limits: { keepMs: 100 } });
    const lost = [rejection(ours.call('held', { key: 'ours' })), rejection(second.call('held', { key: 'theirs' }))];
    await second.event('begun');
    await until(() => mine.begun.length === 1);
    between.down();
    for (const one of lost) expect(await one).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    between.up();
    expect(await ours.call('echo', 2)).toBe(2);
    expect([ours.sessions, (await second.report()).sessions]).toEqual([2, 2]);
  });
});

describe.each([false, true])('a side that is restarted is recognised, reliable: %s', (reliable) => {
  test('the second implementation', async () => {
    const between = await Between.start();
    const first = await Second.start('listen', between.target, { reliable });
    const ours = opened<Loose>({ channel: unixConnect(between.path), protocol: 'virtagent-2', retries: true });
    const lost = rejection(ours.call('held', { key: 'lost' }));
    await first.event('begun');
    await first.kill();
    const next = await Second.start('listen', between.target, { reliable });
    expect(await lost).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    expect(await ours.call('count', { key: 'next' })).toBe('next');
    expect((await next.report()).executed).toEqual({ next: 1 });
    expect(ours.sessions).toBe(2);
  });

  test('a peer of ours', async () => {
    const between = await Between.start();
    const mine = new OurMethods();
    const start = (channel: Channel) => opened<Loose>({ channel, protocol: 'virtagent-2', methods: mine.methods, reliable });
    const channel = unixListen(between.target);
    const first = start(channel);
    const second = await Second.start('connect', between.path);
    const lost = rejection(second.call('held', { key: 'lost' }));
    await until(() => mine.begun.length === 1);
    // Its farewell goes nowhere, as that of a process that is killed.
    between.down();
    await second.event('line-lost');
    first.close();
    await channel.close();
    const next = start(unixListen(between.target));
    between.up();
    expect(await lost).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    expect(await second.call('count', { key: 'next' })).toBe('next');
    expect(mine.executed).toEqual({ lost: 1, next: 1 });
    expect([next.sessions, (await second.report()).sessions]).toEqual([1, 2]);
  });
});
