import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { childChannel, unixListen } from '../../transport/index.ts';
import { folder, until } from '../channels/support.ts';
import { needs } from './support/needs.ts';

// For addresses that Node has no sockets for, such as vsock's: docs/channels.md names this test.
needs('socat')('a program that copies between its own ends and a socket', () => {
  test('is a line in both directions, which ends and opens again with the socket', async () => {
    const path = join(folder(), 'va.sock');
    const channel = unixListen(path);
    await channel.listen();
    const guest = createPeer({ channel, methods: { add: ({ a, b }: { a: number; b: number }) => a + b } });
    onTestFinished(() => guest.close());
    const host = createPeer({
      channel: childChannel('socat', ['-', `UNIX-CONNECT:${path}`]),
      retries: true,
      methods: { name: () => 'host' },
    });
    onTestFinished(() => host.close());
    expect(await host.call('add', { a: 1, b: 2 })).toBe(3);
    expect(await guest.call('name')).toBe('host');
    guest.transport.fail(new Error('torn'));
    await until(() => host.link !== 'up');
    expect(await host.call('add', { a: 3, b: 4 })).toBe(7);
  });

  test('that can not connect ends the line, and its own words say why', async () => {
    let said = '';
    const channel = childChannel('socat', ['-', 'UNIX-CONNECT:/nowhere'], { onStderr: (chunk) => (said += chunk.toString()) });
    const host = createPeer({ channel: { ...channel, reopens: false } });
    await host.ended();
    await until(() => said.endsWith('\n'));
    expect(said).toMatch(/nowhere.*No such file/);
  });
});
