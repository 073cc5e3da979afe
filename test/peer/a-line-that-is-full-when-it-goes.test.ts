import { expect, test } from 'vitest';
import { opened, settled } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';

test.each([{ reliable: false }, { reliable: true }])('keeps nobody from sending on the next ($reliable)', async ({ reliable }) => {
  const line = virtualLine(1024);
  const methods = { echo: (params: unknown) => params };
  const left = opened({ channel: line.left, protocol: 'virtagent-2', reliable });
  const right = opened({ channel: line.right, protocol: 'virtagent-2', methods });
  await Promise.all([left.ready(), right.ready()]);
  const large = { text: 'x'.repeat(100_000) };
  for (let cut = 0; cut < 5; cut++) {
    const calls = [left.call('echo', large), left.call('echo', { cut })];
    await settled(3 + cut);
    line.cut();
    expect(await Promise.all(calls)).toEqual([large, { cut }]);
  }
  expect(line.lines()).toBeGreaterThan(2);
  expect(left.slots.send.taken).toBe(0);
});
