import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unixConnect } from '../../transport/channels/index.ts';
import { asNobody, bytes, closing, codeOf, failure, folder, line, never, peer, server } from './support.ts';
import { leaveStaleSocket } from './stale-socket.ts';

function attempt(path: string): Promise<string> {
  return codeOf(unixConnect(path).open(never), `unix-connect ${path}`);
}

test('it connects, and bytes go both ways until each side has ended', async () => {
  const path = join(folder(), 's');
  await server({ path }, (socket) => void socket.pipe(socket));
  const opened = await line(closing(unixConnect(path)));
  opened.end('there and back');
  expect(await bytes(opened, 14)).toBe('there and back');
});

test('it connects anew on each open()', async () => {
  const path = join(folder(), 's');
  await server({ path }, (socket) => void socket.write('hi'));
  const channel = closing(unixConnect(path));
  expect(channel).toMatchObject({ name: `unix-connect ${path}`, reopens: true });
  for (let round = 0; round < 3; round += 1) {
    const opened = await line(channel);
    expect(await bytes(opened, 2)).toBe('hi');
    opened.destroy();
  }
});

test('CHANNEL_NOT_FOUND: nothing is at the path, or its folder is missing or no folder', async () => {
  const inside = folder();
  writeFileSync(join(inside, 'file'), '');
  for (const path of ['none', 'no/where', 'file/s']) expect(await attempt(join(inside, path))).toBe('CHANNEL_NOT_FOUND');
});

test('CHANNEL_REFUSED: the listener has gone and left its socket', async () => {
  expect(await attempt(leaveStaleSocket(folder()))).toBe('CHANNEL_REFUSED');
});

test('CHANNEL_UNUSABLE: a file, a folder, a link to one, or a socket of another type', async () => {
  const inside = folder();
  writeFileSync(join(inside, 'file'), 'text');
  mkdirSync(join(inside, 'folder'));
  symlinkSync('file', join(inside, 'link'));
  for (const name of ['file', 'folder', 'link']) expect(await attempt(join(inside, name))).toBe('CHANNEL_UNUSABLE');
});

test('CHANNEL_DENIED: the socket, or its folder, is closed to this user', async () => {
  const inside = folder();
  chmodSync(inside, 0o755);
  const path = join(inside, 's');
  await server({ path });
  chmodSync(path, 0o000);
  expect(await asNobody(() => attempt(path))).toBe('CHANNEL_DENIED');
  chmodSync(path, 0o777);
  chmodSync(inside, 0o000);
  expect(await asNobody(() => attempt(path))).toBe('CHANNEL_DENIED');
});

test('CHANNEL_FAILED: what remains, with its cause', async () => {
  const path = join(folder(), 's');
  // A listener that accepts nothing: its queue of one (and the kernel's one more) is soon full.
  const program = `const s = require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    process.stdout.write('.'); for (;;); });`;
  const busy = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(busy.stdout, 'data');
    await peer({ path });
    await peer({ path });
    const error = await failure(unixConnect(path).open(never));
    expect(error).toMatchObject({ code: 'CHANNEL_FAILED', cause: { code: 'EAGAIN' } });
  } finally {
    busy.kill('SIGKILL');
  }
});

test('a path that could break a line of text is quoted', async () => {
  const { message } = await failure(unixConnect('/nowhere/a\nb\u001b[1m').open(never));
  expect(message).toBe(String.raw`unix-connect "/nowhere/a\nb\u001b[1m": there is nothing at that address (ENOENT)`);
});

test.each(['', '\0abstract', undefined as unknown as string])('INVALID_OPTION: %j is no path', (path) => {
  expect(() => unixConnect(path)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
