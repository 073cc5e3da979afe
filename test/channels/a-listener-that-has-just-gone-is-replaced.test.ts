import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { unixConnect, unixListen } from '../../transport/index.ts';
import { folder } from './support.ts';

test('a peer may listen where another has just been closed, while who calls it tries again and again', async () => {
  const path = join(folder(), 's');
  const random = (): number => 0.999_999;
  const host = createPeer({ channel: unixConnect(path), retries: true, random, keepMs: 0 });
  for (let n = 0; n < 20; n++) {
    const guest = createPeer({ channel: unixListen(path), methods: { ping: () => n } });
    await guest.ready();
    expect(await host.call('ping')).toBe(n);
    guest.close();
    await guest.ended();
  }
  host.close();
});
