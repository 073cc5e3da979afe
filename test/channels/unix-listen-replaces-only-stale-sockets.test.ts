import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unixListen } from '../../transport/channels/index.ts';
import { asNobody, bytes, closing, codeOf, folder, line, peer, server } from './support.ts';
import { leaveStaleSocket } from './stale-socket.ts';

function attempt(path: string): Promise<string> {
  return codeOf(closing(unixListen(path)).listen(), `unix-listen ${path}`);
}

test('it listens where nothing is, with nothing else left in the folder', async () => {
  const inside = folder();
  const channel = closing(unixListen(join(inside, 's')));
  expect(channel.address()).toBeNull();
  await channel.listen();
  expect(channel.address()).toBe(join(inside, 's'));
  expect(readdirSync(inside)).toEqual(['s']);
  (await peer({ path: join(inside, 's') })).write('hello');
  expect(await bytes(await line(channel), 5)).toBe('hello');
});

test('the socket of a listener that was killed is replaced', async () => {
  const inside = folder();
  const path = leaveStaleSocket(inside);
  const channel = closing(unixListen(path));
  await channel.listen();
  (await peer({ path })).write('hello');
  expect(await bytes(await line(channel), 5)).toBe('hello');
  expect(readdirSync(inside)).toEqual(['stale']);
});

test('CHANNEL_IN_USE: someone listens there, and goes on listening', async () => {
  const inside = folder();
  const path = join(inside, 's');
  await server({ path });
  expect(await attempt(path)).toBe('CHANNEL_IN_USE');
  await peer({ path });
  expect(readdirSync(inside)).toEqual(['s']);
});

test('CHANNEL_IN_USE: it is one of our own that listens', async () => {
  const path = join(folder(), 's');
  await closing(unixListen(path)).listen();
  expect(await attempt(path)).toBe('CHANNEL_IN_USE');
});

test('after CHANNEL_IN_USE the same channel listens once the other has gone', async () => {
  const path = join(folder(), 's');
  const other = closing(unixListen(path));
  await other.listen();
  const channel = closing(unixListen(path));
  expect(await codeOf(channel.listen(), path)).toBe('CHANNEL_IN_USE');
  await other.close();
  await channel.listen();
  await peer({ path });
});

test('CHANNEL_UNUSABLE: a file, a folder or a link is there, and stays as it was', async () => {
  const inside = folder();
  writeFileSync(join(inside, 'file'), 'precious');
  mkdirSync(join(inside, 'folder'));
  symlinkSync('nowhere', join(inside, 'link'));
  for (const name of ['file', 'folder', 'link']) expect(await attempt(join(inside, name))).toBe('CHANNEL_UNUSABLE');
  expect(readFileSync(join(inside, 'file'), 'utf8')).toBe('precious');
  expect(readdirSync(inside).toSorted()).toEqual(['file', 'folder', 'link']);
  expect(lstatSync(join(inside, 'link')).isSymbolicLink()).toBe(true);
});

test('CHANNEL_NOT_FOUND: the folder is missing', async () => {
  expect(await attempt(join(folder(), 'no', 's'))).toBe('CHANNEL_NOT_FOUND');
});

test('CHANNEL_DENIED: this user may not write to the folder', async () => {
  const inside = folder();
  chmodSync(inside, 0o555);
  expect(await asNobody(() => attempt(join(inside, 's')))).toBe('CHANNEL_DENIED');
});

test('CHANNEL_DENIED: there is a socket that this user may not try', async () => {
  const inside = folder();
  const path = join(inside, 's');
  await server({ path });
  chmodSync(inside, 0o777);
  chmodSync(path, 0o000);
  expect(await asNobody(() => attempt(path))).toBe('CHANNEL_DENIED');
});

test('CHANNEL_DENIED: the stale socket is not ours to remove', async () => {
  const inside = folder();
  const path = leaveStaleSocket(inside);
  chmodSync(path, 0o777);
  chmodSync(inside, 0o1777);
  if (process.geteuid?.() !== 0) return;
  expect(await asNobody(() => attempt(path))).toBe('CHANNEL_DENIED');
  expect(readdirSync(inside)).toEqual(['stale']);
});

test('CHANNEL_IN_USE: another is just replacing it; a lock whose owner was killed is broken', async () => {
  const inside = folder();
  const path = leaveStaleSocket(inside);
  const lock = `${path}.${lstatSync(path).ino}.lock`;
  mkdirSync(lock);
  expect(await attempt(path)).toBe('CHANNEL_IN_USE');
  expect(readdirSync(inside)).toHaveLength(2);
  utimesSync(lock, 1, 1);
  await closing(unixListen(path)).listen();
  expect(readdirSync(inside)).toEqual(['stale']);
  await peer({ path });
});

test.each([0, -1, 1.5, Number.NaN])('INVALID_OPTION: a backlog of %s', (backlog) => {
  expect(() => unixListen('/tmp/s', { backlog })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
