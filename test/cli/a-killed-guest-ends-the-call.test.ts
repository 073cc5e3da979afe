import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { folder, guestAt, start } from './support.ts';

test('a call to a guest that is killed meanwhile ends within a second or so, and says that it may have been executed', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines');
  // It can no longer answer, and the system still takes what is sent to it.
  guest.child.kill('SIGSTOP');
  const call = start(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--trace']);
  await call.printed('stderr', '→ request');
  const killedAt = performance.now();
  guest.child.kill('SIGKILL');
  const { code, stderr } = await call.ended;
  // The bound.
  expect(performance.now() - killedAt).toBeLessThan(2000);
  expect(code).toBe(5);
  expect(stderr).toMatch(/LINE_LOST: .* \(known: perhaps-executed\)/);
});
