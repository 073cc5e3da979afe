import { expect, test } from 'vitest';
import { bridgeToXstateInspect, type BridgeSocket } from '../../inspector/bridges/xstate-inspect.ts';
import { hiddenValue } from '../../inspector/bridges/hidden-values.ts';
import { pairOfPeers } from '../support/peers.ts';

/** A socket whose other end is the test. */
class FakeSocket implements BridgeSocket {
  bufferedAmount = 0;
  readonly sent: { type: string; sessionId: string }[] = [];
  fail: Error | undefined;
  readonly #listeners: { type: string; listener: (event: { data: unknown }) => void }[] = [];

  send(text: string): void {
    if (this.fail !== undefined) throw this.fail;
    this.sent.push(JSON.parse(text) as { type: string; sessionId: string });
  }

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.push({ type, listener });
  }

  say(type: 'message' | 'close', data?: unknown): void {
    for (const one of this.#listeners) if (one.type === type) one.listener({ data });
  }
}

const opening = '{"type":"xstate.inspecting"}';

test('nothing is told before the viewer asks, nor after it has closed or the bridge has stopped', async () => {
  const { host } = await pairOfPeers({}, { methods: { echo: (params) => params } });
  for (const end of ['close', 'stop'] as const) {
    const socket = new FakeSocket();
    const bridge = bridgeToXstateInspect(host, socket);
    for (const data of [
      '',
      'null',
      '7',
      '{',
      '{"type":"xstate.event","event":"{}"}',
      Buffer.from(opening),
      `${opening}${' '.repeat(2000)}`,
    ])
      socket.say('message', data);
    await host.call('echo');
    expect(socket.sent).toEqual([]);
    socket.say('message', opening);
    await host.call('echo');
    const told = socket.sent.length;
    expect(told).toBeGreaterThan(5);
    if (end === 'close') socket.say('close');
    else bridge.stop();
    socket.say('message', opening);
    await host.call('echo');
    expect(socket.sent.length).toBe(told);
  }
});

test('a socket that throws stops no call', async () => {
  const { host } = await pairOfPeers({}, { methods: { echo: (params) => params } });
  const socket = new FakeSocket();
  bridgeToXstateInspect(host, socket);
  socket.fail = new Error('closed');
  socket.say('message', opening);
  expect(await host.call('echo', [1])).toEqual([1]);
  expect(await host.call('echo', [2])).toEqual([2]);
});

test('a viewer that does not read is shown no further jobs', async () => {
  const { host } = await pairOfPeers({}, { methods: { echo: (params) => params } });
  const socket = new FakeSocket();
  bridgeToXstateInspect(host, socket);
  socket.say('message', opening);
  socket.bufferedAmount = 3 * 1024 * 1024;
  const told = socket.sent.length;
  await host.call('echo');
  expect(socket.sent.length).toBe(told);
});

test('a hidden value keeps its shape, its words and its own numbers, and nothing of what is called', () => {
  class Own {
    secret = 'x';
  }
  const value = {
    a: 1,
    b: 'secret',
    c: [1, 2],
    d: new Uint8Array(5),
    e: null,
    f: new Own(),
    g: { h: { i: { j: { k: 1 } } } },
    l: () => 'x',
    m: true,
    type: 'send',
    class: 'x'.repeat(50),
    outcome: { type: 'value', value: { pin: 1234, type: 'visa', is: true } },
  };
  expect(hiddenValue(value)).toEqual({
    a: 1,
    b: '(string, 6)',
    c: '(list, 2)',
    d: '(bytes, 5)',
    e: null,
    f: '(object)',
    g: { h: { i: { j: '(object)' } } },
    l: '(function)',
    m: true,
    type: 'send',
    class: '(string, 50)',
    outcome: { type: 'value', value: { pin: '(number)', type: '(string, 4)', is: '(boolean)' } },
  });
});
