import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { Inbox, messagesInATurn } from '../../transport/inbox.ts';
import { memoryPair, type Decoded } from '../../transport/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { runs } from '../property.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An inbox whose messages are numbers. */
function numbered(onEach: (n: number) => void = () => {}) {
  const told: number[] = [];
  const host = {
    takes: true,
    line: {} as object | undefined,
    isPaused: false,
    empties: 0,
    handOn: (one: Decoded) => {
      const n = (one as unknown as { n: number }).n;
      told.push(n);
      onEach(n);
    },
    pause: () => void (host.isPaused = true),
    goOn: () => void (host.isPaused = false),
    onEmpty: () => void host.empties++,
  };
  const inbox = new Inbox(host);
  let next = 0;
  const add = (count: number): void => inbox.add(Array.from({ length: count }, () => ({ n: next++ }) as unknown as Decoded));
  return { told, host, inbox, add };
}

test('what is few is handed on at once', () => {
  const { told, host, add } = numbered();
  add(messagesInATurn);
  expect(told).toHaveLength(messagesInATurn);
  expect(host).toMatchObject({ isPaused: false, empties: 1 });
});

test('of what is many each turn hands on so much, and nothing else is read meanwhile', async () => {
  const { told, host, add } = numbered();
  add(messagesInATurn * 3 + 1);
  for (let turns = 1; turns <= 3; turns++) {
    expect(told).toHaveLength(messagesInATurn * turns);
    expect(host).toMatchObject({ isPaused: true, empties: 0 });
    await turn();
  }
  expect(told).toEqual(Array.from({ length: messagesInATurn * 3 + 1 }, (_, n) => n));
  expect(host).toMatchObject({ isPaused: false, empties: 1 });
});

test('what came before the end of the line is handed on before it', () => {
  const { told, host, inbox, add } = numbered();
  add(messagesInATurn * 2);
  host.line = undefined;
  inbox.handOnAll();
  expect(told).toHaveLength(messagesInATurn * 2);
});

test('nothing is lost, doubled or out of order, whatever the turns and stops', async () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat(400) }),
    fc.record({ takes: fc.boolean() }),
    fc.constant('turn' as const),
    fc.constant('hand on' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(300), async (steps, stopsAt) => {
      const { told, host, inbox, add } = numbered((n) => n === stopsAt && (host.takes = false));
      let added = 0;
      for (const one of steps) {
        if (one === 'turn') await turn();
        else if (one === 'hand on') inbox.handOn();
        else if ('add' in one) {
          add(one.add);
          added += one.add;
        } else if ((host.takes = one.takes)) inbox.handOn();
      }
      while (!inbox.isEmpty) {
        host.takes = true;
        inbox.handOn();
        await turn();
      }
      await turn();
      expect(told).toEqual(Array.from({ length: added }, (_, n) => n));
      expect(host.isPaused).toBe(false);
    }),
    runs(200),
  );
});

test('while a flood is served others have their turns', async () => {
  const flood = memoryPair({ highWaterMark: 1024 * 1024 });
  const served: number[] = [];
  opened<Loose>({ stream: flood[0], protocol: 'jsonrpc-lines', methods: { count: (n: unknown) => void served.push(n as number) } });
  flood[1].resume();
  const calm = memoryPair();
  opened<Loose>({ stream: calm[0], protocol: 'jsonrpc-lines', methods: { ping: () => served.length } });
  const caller = createPeer({ stream: calm[1], protocol: 'jsonrpc-lines' });
  await caller.ready();
  await settled();
  const count = 4_000;
  const request = (n: number): string => `${JSON.stringify({ jsonrpc: '2.0', id: n, method: 'count', params: [n] })}\n`;
  flood[1].write(Array.from({ length: count }, (_, n) => request(n)).join(''));
  expect(await caller.call('ping')).toBeLessThan(count);
  while (served.length < count) await settled();
  caller.close();
});
