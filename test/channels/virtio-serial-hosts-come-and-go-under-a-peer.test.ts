import { expect, test } from 'vitest';
import { opened } from '../support/peers.ts';
import { FakePort, FakeSystem } from './fake-port.ts';

function guest() {
  const port = new FakePort();
  const system = new FakeSystem(port);
  const executed: unknown[] = [];
  const peer = opened({
    channel: system.channel(),
    protocol: 'jsonrpc-lines',
    retries: true,
    clock: system.clock,
    methods: {
      echo: (params: unknown) => {
        executed.push(params);
        return params;
      },
    },
  });
  const states: string[] = [];
  peer.link$.subscribe(({ state }) => states.push(state));
  return { port, system, peer, executed, states };
}

const request = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"echo","params":{"n":${id}}}\n`;
const answer = (id: number): string => `{"jsonrpc":"2.0","id":${id},"result":{"n":${id}}}\n`;

test('each host gets its answers, and half a request of one that left is not glued to what the next one says', async () => {
  const { port, system, executed, states } = guest();
  for (let cut = 0; cut <= request(1).length; cut += 7) {
    port.written = Buffer.alloc(0);
    port.hostIsThere = true;
    port.send(request(1));
    port.send(request(2).slice(0, cut));
    await system.pass(600, 5);
    expect(port.written.toString()).toBe(answer(1));
    port.hostIsThere = false;
    await system.pass(100, 5);
  }
  expect(executed.every((params) => JSON.stringify(params) === '{"n":1}')).toBe(true);
  expect(states).toContain('up');
  expect(system.opens).toBe(1);
});

test('calls to a host that leaves end with LINE_LOST; those made while none is there wait for the next', async () => {
  const { port, system, peer } = guest();
  port.hostIsThere = true;
  await system.pass(50);
  const lost = peer.call('echo').catch((error: unknown) => error);
  await system.pass(50);
  expect(port.written.toString()).toContain('"echo"');
  port.written = Buffer.alloc(0);
  port.hostIsThere = false;
  await system.pass(100);
  expect(await lost).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });

  const waiting = peer.call('echo', { again: true });
  await system.pass(1000, 10);
  expect(port.written.toString()).toBe('');
  port.hostIsThere = true;
  await system.pass(600, 10);
  const { id } = JSON.parse(port.written.toString()) as { id: unknown };
  port.send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":7}\n`);
  await system.pass(50);
  expect(await waiting).toBe(7);
});

test('a host that reads nothing holds the guest back; when it reads again, it gets every answer in order', async () => {
  const { port, system } = guest();
  port.hostIsThere = true;
  port.room = 100;
  for (let id = 1; id <= 200; id++) port.send(request(id));
  await system.pass(500, 5);
  expect(port.written.length).toBe(100);
  port.room = Infinity;
  await system.pass(500, 5);
  expect(port.written.toString()).toBe(Array.from({ length: 200 }, (_, at) => answer(at + 1)).join(''));
});

test('a host that comes as another leaves, and is heard before the kernel says that it is there, gets its answer', async () => {
  for (const late of [0, 1, 2, 5]) {
    const { port, system, executed } = guest();
    port.hostIsThere = true;
    port.send(request(1));
    await system.pass(600, 5);
    expect(port.written.toString()).toBe(answer(1));
    // The news that one has left is there, and what the next one says: not yet the news that it has come.
    port.hostIsThere = false;
    port.send(request(2));
    while (port.incoming.length > 0) await system.pass(1);
    await system.pass(late);
    port.hostIsThere = true;
    await system.pass(100);
    expect([late, port.written.toString()]).toEqual([late, answer(1) + answer(2)]);
    expect(executed).toEqual([{ n: 1 }, { n: 2 }]);
  }
});
