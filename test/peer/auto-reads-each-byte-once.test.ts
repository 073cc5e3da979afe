import { expect, test } from 'vitest';
import type { ProtocolName } from '../../transport/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { codecOf } from '../codecs/support.ts';
import { autoScene, names } from './auto-support.ts';

const callers = names.filter((name) => name !== 'qemu-ga');

test.each(callers)(
  'a guest that speaks %s and calls before it is asked: each call is executed once, and answered once',
  async (protocol) => {
    const [ours, theirs] = memoryPair();
    const charged: unknown[] = [];
    const told: unknown[] = [];
    const host = opened<Loose>({
      stream: ours,
      protocol: 'auto',
      methods: { charge: (params) => ({ count: charged.push(params) }), tell: (params) => void told.push(params) },
    });
    const answers: unknown[] = [];
    const guest = opened<Loose>({ stream: theirs, protocol });
    guest.messages$.subscribe(({ direction, message }) => {
      const { type, tag } = message as { type: string; tag?: unknown };
      if (direction === 'in' && type === 'response') answers.push(tag);
    });
    // virtagent-v7 has no notifications.
    const notified = await guest.notify('tell', { n: 0 }).then(
      () => [{ n: 0 }],
      () => [],
    );
    expect(await Promise.all([guest.call('charge', { n: 1 }), guest.call('charge', { n: 2 })])).toEqual([{ count: 1 }, { count: 2 }]);
    await settled(5);
    expect([charged, told]).toEqual([[{ n: 1 }, { n: 2 }], notified]);
    expect(new Set(answers).size).toBe(answers.length);
    host.close();
  },
);

test.each(['jsonrpc-lines', 'jsonrpc-headers', 'virtagent-v7'] satisfies ProtocolName[])(
  '%s: of a first message in two pieces nothing is read twice, wherever it is cut',
  async (protocol) => {
    const request = codecOf(protocol).encode({ type: 'request', tag: 'a', method: 'charge', params: { n: 1 } });
    const whole = Buffer.concat([request, request]);
    for (let at = 1; at < whole.length; at += 7) {
      const { host, line } = autoScene({ methods: { charge: () => ({ count: ++charged }) } });
      let charged = 0;
      const damage: unknown[] = [];
      host.damage$.subscribe((one) => damage.push(one));
      line.resume();
      line.write(whole.subarray(0, at));
      await settled(3);
      line.write(whole.subarray(at));
      await settled(5);
      expect([at, charged, damage]).toEqual([at, 2, []]);
      host.close();
    }
  },
);
