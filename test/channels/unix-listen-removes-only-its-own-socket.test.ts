import { existsSync, readdirSync, renameSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unixListen } from '../../transport/channels/index.ts';
import { closing, folder, line, peer, server } from './support.ts';

test('close() removes its socket', async () => {
  const inside = folder();
  const channel = unixListen(join(inside, 's'));
  await channel.listen();
  await channel.close();
  await channel.close();
  expect(readdirSync(inside)).toEqual([]);
  expect(channel.address()).toBeNull();
});

test('close() removes it while a line is in use, and leaves the line alone', async () => {
  const path = join(folder(), 's');
  const channel = unixListen(path);
  await channel.listen();
  const other = await peer({ path });
  const own = await line(channel);
  await channel.close();
  expect(existsSync(path)).toBe(false);
  own.end('still here');
  other.resume();
  await new Promise((resolve) => other.once('end', resolve));
});

test('a socket that has taken its place stays, and can be connected to', async () => {
  const path = join(folder(), 's');
  const channel = unixListen(path);
  await channel.listen();
  unlinkSync(path);
  await server({ path });
  await channel.close();
  await peer({ path });
});

test('another of ours that has taken its place stays too', async () => {
  const path = join(folder(), 's');
  const [first, second] = [unixListen(path), closing(unixListen(path))];
  await first.listen();
  unlinkSync(path);
  await second.listen();
  await first.close();
  await peer({ path });
});

test('a file that has taken its place stays', async () => {
  const path = join(folder(), 's');
  const channel = unixListen(path);
  await channel.listen();
  unlinkSync(path);
  writeFileSync(path, 'precious');
  await channel.close();
  expect(existsSync(path)).toBe(true);
});

test('its own socket is known by what it is, not by its times', async () => {
  const path = join(folder(), 's');
  const channel = unixListen(path);
  await channel.listen();
  utimesSync(path, 1, 1);
  await channel.close();
  expect(existsSync(path)).toBe(false);
});

test('a socket that was moved away, or whose folder was, is no reason to fail', async () => {
  const inside = folder();
  const channel = unixListen(join(inside, 's'));
  await channel.listen();
  renameSync(join(inside, 's'), join(inside, 'moved'));
  await channel.close();
  expect(readdirSync(inside)).toEqual(['moved']);
});

test('a channel that never listened removes nothing', async () => {
  const path = join(folder(), 's');
  await server({ path });
  await unixListen(path).close();
  await peer({ path });
});

test('a relative path means the same after a chdir()', async () => {
  const [inside, elsewhere, before] = [folder(), folder(), process.cwd()];
  onTestFinished(() => process.chdir(before));
  process.chdir(inside);
  const channel = unixListen('s');
  await channel.listen();
  process.chdir(elsewhere);
  writeFileSync('s', 'precious');
  await channel.close();
  expect(readdirSync(inside)).toEqual([]);
  expect(readdirSync(elsewhere)).toEqual(['s']);
});
