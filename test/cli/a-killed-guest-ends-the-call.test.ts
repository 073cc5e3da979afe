import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, guestAt, start } from './support.ts';

test('a call to a guest that is killed meanwhile ends with the line, however long it would have waited, and says that it may have been executed', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines');
  // It can no longer answer, and the system still takes what is sent to it.
  guest.child.kill('SIGSTOP');
  const call = start(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--trace', '--timeout', '3600']);
  await call.printed('stderr', '→ request');
  guest.child.kill('SIGKILL');
  const { code, stderr } = await call.ended;
  expect(code).toBe(5);
  expect(stderr).toMatch(/LINE_LOST: .* \(known: perhaps-executed\)/);
});
