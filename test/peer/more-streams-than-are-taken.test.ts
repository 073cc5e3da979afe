import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { sessionLimits } from '../../transport/limits.ts';
import { opened, settled } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

test('who asks for one more streamed result than are sent at once is told BUSY, and the others go on', async () => {
  const [ours, theirs] = memoryPair();
  const methods = {
    async *count() {
      for (let n = 0; ; n++) yield n;
    },
  };
  const peer = opened({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock(), methods, executeSlots: 100 });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  await settled();
  const heard = (): Record<string, unknown>[] =>
    far.frames.flatMap((frame) => (frame.kind === 'data' ? [JSON.parse(frame.payload.toString()) as Record<string, unknown>] : []));
  for (let n = 0; n <= sessionLimits.streams; n++)
    far.message({ id: `t${n}`, method: 'count', wants: { items: 1, bytes: 1_000 }, nested: n % 2 === 0 });
  await settled(10);
  const refused = heard().filter(({ error }) => error !== undefined);
  expect(refused).toMatchObject([{ id: `t${sessionLimits.streams}`, error: { message: expect.stringContaining('streamed results') } }]);
  expect(heard().filter(({ method }) => method === '$/item')).toHaveLength(sessionLimits.streams);
  // One that is left makes room.
  far.message({ method: '$/cancel', params: { id: 't0' } });
  far.message({ id: 'next', method: 'count', wants: { items: 1, bytes: 1_000 } });
  await settled(10);
  expect(heard().filter(({ method }) => method === '$/item')).toHaveLength(sessionLimits.streams + 1);
  expect(peer.link).toBe('up');
});
