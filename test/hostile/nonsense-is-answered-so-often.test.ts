import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/index.ts';
import { opened, settled } from '../support/peers.ts';

async function answersTo(protocol: 'jsonrpc-lines' | 'jsonrpc-headers', lines: readonly string[]) {
  const [ours, line] = memoryPair();
  const peer = opened({ stream: ours, protocol, methods: { ping: () => 'pong' } });
  let said = '';
  line.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const text of lines) {
    line.write(protocol === 'jsonrpc-lines' ? `${text}\n` : `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    await settled(1);
  }
  await settled(3);
  return { said, peer };
}

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

test.each(['jsonrpc-lines', 'jsonrpc-headers'] as const)(
  '%s: what is no message is answered in words of ours, sixteen times, and again after one that is',
  async (protocol) => {
    const nonsense = ['$(touch P)', '"$(touch P)"', '[1, "$(touch P)"]'];
    const many = Array.from({ length: 40 }, (_, n) => nonsense[n % nonsense.length] as string);
    const { said, peer } = await answersTo(protocol, [...many, ping, ...many]);
    expect(said).not.toContain('touch');
    expect(said.match(/"error"/g)).toHaveLength(32);
    expect(said.match(/"pong"/g)).toHaveLength(1);
    expect(peer.counters.unclaimed).toBe(48);
    peer.close();
  },
);

test('a request that is none is answered each time: it says whose it is', async () => {
  const { said, peer } = await answersTo(
    'jsonrpc-lines',
    Array.from({ length: 40 }, (_, n) => `{"jsonrpc":"2.0","id":${n},"params":[]}`),
  );
  expect(said.match(/"id":\d+,"error"|"error".*"id":\d+/g)).toHaveLength(40);
  peer.close();
});
