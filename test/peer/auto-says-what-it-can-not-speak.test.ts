import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { encodeBye, encodeHello } from '../../transport/codecs/virtagent-2-frames.ts';
import { memoryPair, type Channel, type ProtocolName } from '../../transport/index.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { autoScene, others } from './auto-support.ts';

test('QEMU’s monitor: a mistake in the path', async () => {
  const { host, line } = autoScene();
  const call = rejection(host.call('any'));
  line.write('{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}}, "capabilities": []}}\r\n');
  expect(await call).toMatchObject({ code: 'PROTOCOL_MISMATCH', known: 'not-sent', message: expect.stringContaining('QMP') as string });
  expect(await host.ended()).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
});

test('another version of our own: both are named', async () => {
  const { host, line } = autoScene();
  const call = rejection(host.call('any'));
  line.write(
    encodeHello({
      version: 3,
      reliable: false,
      line: 'a'.repeat(12),
      seen: '',
      half: 'b'.repeat(12),
      other: '',
      got: 0,
      sent: 0,
      clock: 0,
    }),
  );
  const said = expect.stringContaining('speaks virtagent-3, this one virtagent-2') as string;
  expect(await call).toMatchObject({ code: 'PROTOCOL_MISMATCH', message: said });
  expect(await host.ended()).toMatchObject({ code: 'PROTOCOL_MISMATCH', message: said });
});

test('who does not speak our version says so, and answers no HELLO', async () => {
  const { host, line, pass } = autoScene();
  const call = rejection(host.call('any'));
  await pass(300);
  line.write(encodeBye({ seen: '', code: 4, text: 'virtagent-3 is spoken here' }));
  const said = expect.stringContaining('does not speak this version: "virtagent-3 is spoken here"') as string;
  expect(await call).toMatchObject({ code: 'PROTOCOL_MISMATCH', known: 'not-sent', message: said });
  expect(await host.ended()).toMatchObject({ code: 'PROTOCOL_MISMATCH', message: said });
});

const turns: [ProtocolName, ProtocolName][] = [
  ['virtagent-2', 'virtagent-v7'],
  ['virtagent-v7', 'virtagent-2'],
  ['qemu-ga', 'virtagent-2'],
  ['virtagent-2', 'qemu-ga'],
  ['virtagent-v7', 'qemu-ga'],
];

test.each(turns)('a line on which %s was spoken, and on the next one %s', async (first, second) => {
  const clock = new SimulatedClock();
  const pairs = [memoryPair(), memoryPair(), memoryPair()];
  let opens = 0;
  const channel: Channel = { name: 'test', reopens: true, open: async () => (pairs[opens++] ?? memoryPair())[0], close: async () => {} };
  const host = opened<Loose>({ channel, protocol: 'auto', clock });
  const reasons: unknown[] = [];
  host.link$.subscribe(({ state, reason }) => state === 'down' && reasons.push(reason));
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 50) {
      clock.increment(50);
      await settled(2);
    }
  };
  others[first]((pairs[0] as (typeof pairs)[0])[1]);
  await pass(2_000);
  expect([host.protocol, host.link]).toEqual([first, 'up']);
  others[second]((pairs[1] as (typeof pairs)[0])[1]);
  pairs[0]?.[1].destroy();
  await pass(2_000);
  expect(reasons[1]).toMatchObject({
    code: 'PROTOCOL_MISMATCH',
    message: `what is at the other end is ${second}, and was ${first} before`,
  });
  expect(host.protocol).toBe(first);
});
