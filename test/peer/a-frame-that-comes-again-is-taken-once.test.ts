import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { framesOf, kindOf, onLine } from '../support/relay.ts';
import { SessionPeers } from './session-peers.ts';

test.each([false, true])('on a line that says each frame twice, all is executed and answered once (reliable: %s)', async (reliable) => {
  const executed: unknown[] = [];
  const noted: unknown[] = [];
  const methods = {
    echo: (params: unknown) => {
      executed.push(params);
      return params;
    },
    note: (params: unknown) => void noted.push(params),
  };
  const peers = await SessionPeers.up({ reliable }, { methods });
  let repeats = 0;
  peers.relay.filter = (_, chunk) =>
    onLine(
      framesOf(chunk).flatMap((frame) => {
        if (kindOf(frame) !== 'data') return [frame];
        repeats++;
        return [frame, frame];
      }),
    );
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const answers = numbers.map((n) => peers.left.call('echo', n));
  for (const n of numbers) void peers.left.notify('note', n);
  expect(await peers.until(Promise.all(answers))).toEqual(numbers);
  await settled();
  expect(executed).toEqual(numbers);
  expect(noted).toEqual(numbers);
  expect(repeats).toBeGreaterThanOrEqual(300);
  for (const peer of [peers.left, peers.right]) expect(peer.counters).toMatchObject({ violations: 0, damaged: 0, unclaimed: 0, late: 0 });
});
