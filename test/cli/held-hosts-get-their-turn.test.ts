import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder, guestAt, start } from './support.ts';

test('a listening guest serves one host at a time; the others are held until it has left', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines');
  const first = connect(path);
  onTestFinished(() => void first.destroy());
  await guest.printed('stderr', 'connected');
  const ended: number[] = [];
  const calls = [1, 2, 3].map(async (number) => {
    const run = await start(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--trace']).ended;
    ended.push(number);
    return run;
  });
  // As long as the first is there, it alone is answered.
  for (let id = 0; id < 50; id++) {
    first.write(`{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`);
    await once(first, 'data');
  }
  expect(ended).toEqual([]);
  first.end();
  for (const { code, stdout } of await Promise.all(calls)) expect([code, stdout]).toEqual([0, 'null\n']);
});
