import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bounds } from '../../transport/channels/bounds.ts';
import { unixConnect, unixListen } from '../../transport/channels/index.ts';
import { bytes, closing, failure, folder, line, never, peer } from './support.ts';

const most = bounds.socketPathBytes;

/** A path of exactly that many bytes, mostly of `letter`. */
function pathOf(length: number, inside: string, letter = 'x'): string {
  let path = `${inside}/`;
  while (Buffer.byteLength(path + letter) <= length) path += letter;
  return path.padEnd(path.length + length - Buffer.byteLength(path), 'x');
}

test.each(['x', 'é'])('a path of %s as long as the system allows works', async (letter) => {
  const inside = folder();
  for (let length = most - 20; length <= most; length += 5) {
    const path = pathOf(length, inside, letter);
    expect(Buffer.byteLength(path)).toBe(length);
    const channel = closing(unixListen(path));
    await channel.listen();
    (await line(closing(unixConnect(path)))).write('hello');
    expect(await bytes(await line(channel), 5)).toBe('hello');
    await channel.close();
    expect(readdirSync(inside)).toEqual([]);
  }
});

test.each([most + 1, most + 2, 300, 5000])('CHANNEL_UNUSABLE: a path of %i bytes, which says so and makes nothing', async (length) => {
  const inside = folder();
  const path = pathOf(length, inside);
  for (const error of [
    await failure(unixListen(path).listen()),
    await failure(unixListen(path).open(never)),
    await failure(unixConnect(path).open(never)),
  ]) {
    expect(error.code).toBe('CHANNEL_UNUSABLE');
    expect(error.message).toContain(`the path has ${length} bytes; a socket's has at most ${most}`);
    expect(error.message).not.toContain('\n');
  }
  expect(readdirSync(inside)).toEqual([]);
});

test('a short relative path works in a folder whose own path is longer than that', async () => {
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  const deep = join(folder(), 'd'.repeat(100), 'd'.repeat(100));
  mkdirSync(deep, { recursive: true });
  process.chdir(deep);
  const channel = closing(unixListen('s'));
  await channel.listen();
  (await peer({ path: 's' })).write('hello');
  expect(await bytes(await line(channel), 5)).toBe('hello');
  await channel.close();
  expect(readdirSync(deep)).toEqual([]);
});
