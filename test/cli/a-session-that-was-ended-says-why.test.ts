import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { byeCodes } from '../../transport/session/ends.ts';
import { farSide } from '../support/far-side.ts';
import { folder, run } from './support.ts';

/** A guest that ends the session at the first request. */
async function strictGuest(code: number, text: string): Promise<string[]> {
  const path = join(folder(), 's');
  const server = createServer((socket) => {
    const side = farSide('virtagent-2', (bytes) => void socket.write(bytes));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (side.push(chunk).some((message) => message.type === 'request')) side.bye?.(code, text);
    });
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return ['-c', 'unix-connect', '-p', path, '--protocol', 'virtagent-2'];
}

test.each([
  ['a call', ['call', 'ping']],
  ['a host', ['host', '-q', '-e', 'ping']],
])('%s that a limit of the other side ended names the limit', async (_, command) => {
  const line = await strictGuest(byeCodes.limit, 'waiting requests: 5, and the limit is 4');
  const { code, stderr } = await run([...command, ...line]);
  expect(stderr).toMatch(
    /^virtagent: LINE_LOST: the line was lost during ping: the other side ended the session, a limit of its own exceeded: "waiting requests: 5, and the limit is 4" \(known: perhaps-executed\)\n {2}→ See `known`/,
  );
  expect(code).toBe(5);
});

test('of a guest that has stopped nothing more is said', async () => {
  const { stderr } = await run(['call', 'ping', ...(await strictGuest(byeCodes.stopping, ''))]);
  expect(stderr).toMatch(/^virtagent: LINE_LOST: the line was lost during ping \(known: perhaps-executed\)\n/);
});
