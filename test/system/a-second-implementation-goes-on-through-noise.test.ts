import { describe, expect, test } from 'vitest';
import { Random } from '../../torture/random.ts';
import { seed } from '../property.ts';
import { Between } from './support/between.ts';
import { meeting, type More, type Setting } from './support/meeting.ts';

/** A line on which a bit is flipped in one byte of so many, in both directions. */
async function met(setting: Setting, oneIn: number, more?: More) {
  const between = await Between.start();
  const random = new Random(seed);
  const noise = { hits: 0, isOver: false };
  let next = random.gap(1 / oneIn);
  between.filter = (_, chunk) => {
    if (noise.isOver) return chunk;
    const noisy = Buffer.from(chunk);
    while (next < noisy.length) {
      noisy[next] = (noisy[next] as number) ^ (1 << random.below(8));
      noise.hits++;
      next += 1 + random.gap(1 / oneIn);
    }
    next -= noisy.length;
    return noisy;
  };
  return { noise, ...(await meeting(setting, { listen: between.target, connect: between.path }, more)) };
}

describe.each([
  { listens: 'ours', oneIn: 2_000 },
  { listens: 'theirs', oneIn: 2_000 },
  { listens: 'ours', oneIn: 700 },
] as const)(`with a flipped bit in $oneIn bytes, $listens listening (SEED=${seed})`, ({ listens, oneIn }) => {
  test('a reliable session answers every call once, and streams come whole', async () => {
    const { noise, ours, second, mine } = await met({ listens, reliable: true }, oneIn);
    const keys = Array.from({ length: 60 }, (_, n) => `${n}`);
    const params = keys.map((key) => ({ key, pad: Buffer.alloc(500, 0xff) }));
    const read: unknown[] = [];
    const streams = [
      (async () => {
        for await (const { n } of ours.stream('numbers', { to: 60, size: 100 }) as AsyncIterable<{ n: number }>) read.push(n);
      })(),
      (await second.stream('numbers', { to: 60, size: 100 }, { items: 8, bytes: 50_000 })).read(100),
    ] as const;
    const answers = [...params.map((each) => ours.call('count', each)), ...params.map((each) => second.call('count', each))];
    expect(await Promise.all(answers)).toEqual([...keys, ...keys]);
    const [, theirs] = await Promise.all(streams);
    expect(read).toEqual(keys.map(Number));
    expect(theirs).toEqual([...keys.map((n) => ({ n: Number(n), pad: Buffer.alloc(100, Number(n)) })), { result: 60 }]);
    const once = Object.fromEntries(keys.map((key) => [key, 1]));
    const report = await second.report();
    expect([mine.executed, report.executed]).toEqual([once, once]);
    expect([ours.sessions, report.sessions]).toEqual([1, 1]);
    expect(noise.hits).toBeGreaterThan(10);
    expect(Math.min(report.damaged ?? 0, report.sent_again, ours.counters.damaged)).toBeGreaterThan(0);
  });
});

test.each(['ours', 'theirs'] as const)(
  `what a plain line has lost is executed at most once, and costs no credit, %s listening (SEED=${seed})`,
  async (listens) => {
    const may = 8;
    const { noise, ours, second, mine } = await met({ listens, reliable: false }, 400, {
      requests: may,
      options: { maxServerJobs: 2 * may },
    });
    // More are sent and not answered than may wait there at once, in each direction.
    const lost = { ours: 0, theirs: 0 };
    for (let round = 0; Math.min(lost.ours, lost.theirs) <= 2 * may; round++) {
      const params = Array.from({ length: may }, (_, n) => ({ key: `${round}.${n}`, pad: 'x'.repeat(200) }));
      const ask = async (side: keyof typeof lost, call: Promise<unknown>): Promise<void> => {
        const { known } = await call.then(
          () => ({ known: undefined }),
          (error: { known?: string }) => error,
        );
        if (known === 'perhaps-executed') lost[side]++;
      };
      await Promise.all([
        ...params.map((each) => ask('ours', ours.call('count', each, { timeoutMs: 200 }))),
        ...params.map((each) => ask('theirs', second.call('count', each, { timeout_ms: 200 }))),
      ]);
    }
    noise.isOver = true;
    const keys = Array.from({ length: 200 }, (_, n) => `after ${n}`);
    const calls = [...keys.map((key) => ours.call('count', { key })), ...keys.map((key) => second.call('count', { key }))];
    expect(await Promise.all(calls)).toEqual([...keys, ...keys]);
    const report = await second.report();
    expect(Math.max(...Object.values(mine.executed), ...Object.values(report.executed))).toBe(1);
  },
);
