import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { deferred } from '../support/peers.ts';
import { tcpConnect, tcpListen, unixConnect, unixListen } from '../../transport/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'virtagent-'));
afterAll(() => rmSync(folder, { recursive: true }));

let sockets = 0;

async function channelsOf(kind: string) {
  const path = join(folder, String(sockets++));
  const listening = kind === 'unix' ? unixListen(path) : tcpListen({ port: 0 });
  await listening.listen();
  return [listening, kind === 'unix' ? unixConnect(path) : tcpConnect({ port: (listening.address() as { port: number }).port })] as const;
}

test.each(['unix', 'tcp'])('%s: who stops has answered, and the answers are read', async (kind) => {
  for (const size of [10, 200_000, 1_000_000, 4_000_000]) {
    const [there, here] = await channelsOf(kind);
    const [begun, release] = [deferred(), deferred()];
    const guest = createPeer({
      channel: there,
      methods: {
        async big() {
          begun.resolve();
          await release.promise;
          return Buffer.alloc(size, 7);
        },
      },
    });
    const host = createPeer({ channel: here, retries: true });
    const answers = Array.from({ length: 3 }, () => host.call('big'));
    await begun.promise;
    const stopped = guest.stop();
    release.resolve();
    for (const answer of answers) expect(((await answer) as Uint8Array).length).toBe(size);
    await stopped;
    host.close();
  }
});

test.each(['unix', 'tcp'])('%s: who stops has said all, and it is heard', async (kind) => {
  const [there, here] = await channelsOf(kind);
  const heard: unknown[] = [];
  const all = deferred();
  const host = createPeer({
    channel: there,
    methods: { told: ({ n }: { n: number }) => (heard.push(n), n === 39 ? all.resolve() : undefined) },
  });
  const guest = createPeer({ channel: here });
  await Promise.all(Array.from({ length: 40 }, (_, n) => guest.notify('told', { n, text: 'x'.repeat(10_000) })));
  await guest.stop();
  await all.promise;
  expect(heard).toEqual(Array.from({ length: 40 }, (_, n) => n));
  host.close();
});

test('and the other end may not close its own: then the socket goes after a while', async () => {
  const [there] = await channelsOf('tcp');
  const guest = createPeer({ channel: there, protocol: 'jsonrpc-lines' });
  const { port } = there.address() as { port: number };
  const other = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await guest.ready();
  other.resume();
  const closed = new Promise((resolve) => other.once('close', resolve));
  await guest.stop();
  // It writes on, to who does not read it: that ends when the other end is gone.
  const writing = setInterval(() => other.write('x'), 10);
  other.on('error', () => {});
  await closed;
  clearInterval(writing);
});
