import { expect, test } from 'vitest';
import { pairOfPeers } from '../support/peers.ts';

test('however often a handler reports what is no JSON, the peer goes on reading, and reports the rest', async () => {
  const errors: unknown[] = [];
  const methods = {
    report: (_: unknown, { progress }: { progress: (value: unknown) => boolean }) => {
      for (let n = 0; n < 500; n++) expect(progress(1n)).toBe(false);
      return progress('well');
    },
  };
  const { host } = await pairOfPeers(
    { protocol: 'virtagent-2' },
    { methods, maxOwedBytes: 100_000, onError: (error: unknown) => errors.push(error) },
  );
  for (let n = 0; n < 3; n++) {
    const told: unknown[] = [];
    expect(await host.call('report', undefined, { onProgress: (value) => told.push(value) })).toBe(true);
    expect(told).toEqual(['well']);
  }
  expect(errors).toHaveLength(1_500);
});
