import { describe, expect, test } from 'vitest';
import { NoisyPair, type NoiseResult, type Setup } from '../../torture/noise/noisy-pair.ts';
import { Random } from '../../torture/random.ts';
import { seed } from '../property.ts';

// A small part of `npm run torture -- --only noise`.
const run = (setup: Setup, rate: number, calls: number): Promise<NoiseResult> => new NoisyPair(setup, rate, calls, new Random(seed)).run();
const neverWrong = { wrong: 0, errors: 0, twice: 0, wronglyRun: 0, unexplained: 0, goesOn: true };

describe(`SEED=${seed}`, () => {
  const v2 = { name: 'v2', protocol: 'virtagent-2', inFlight: 32 } as const;

  test.each([1e-4, 1e-3, 1e-2])('a reliable session loses nothing, of whatever is hit (%d)', async (rate) => {
    expect(await run({ ...v2, reliable: true }, rate, 300)).toMatchObject({ right: 300, lost: 0, ...neverWrong });
  });

  test.each([1e-4, 1e-3, 1e-2])('a plain one loses no more than was hit (%d)', async (rate) => {
    const result = await run({ ...v2, reliable: false }, rate, 300);
    expect(result).toMatchObject(neverWrong);
    expect(result.lost).toBeLessThanOrEqual(result.framesHit);
  });

  test.each([
    { name: 'v7', protocol: 'virtagent-v7', inFlight: 5 },
    { name: 'lines', protocol: 'jsonrpc-lines', inFlight: 32 },
    { name: 'headers', protocol: 'jsonrpc-headers', inFlight: 32 },
    { name: 'qemu-ga', protocol: 'qemu-ga', inFlight: 1 },
  ] as const)('$name goes on, and gives no line up without saying why', async (setup) => {
    expect(await run(setup, 1e-3, 200)).toMatchObject({ goesOn: true, unexplained: 0 });
  });
});
