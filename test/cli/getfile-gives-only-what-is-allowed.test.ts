import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Peer } from '../../actors/index.ts';
import { AllowedDirs } from '../../cli/allowed-dirs.ts';
import { getfile, MOST_BYTES } from '../../cli/getfile.ts';
import { rejection, type Loose } from '../support/peers.ts';
import { answered, folder, guestAt, hostAt } from './support.ts';

let root = '';
let inside = '';
let host: Peer<Loose>;

beforeEach(async () => {
  root = folder();
  inside = join(root, 'allowed');
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(join(root, 'allowed-not'));
  writeFileSync(join(inside, 'file'), 'inside');
  writeFileSync(join(root, 'outside'), 'outside');
  writeFileSync(join(root, 'allowed-not', 'file'), 'outside');
  const socket = join(root, 's');
  await guestAt(socket, '--allow-read', inside);
  host = await hostAt(socket);
});

const ask = async (path: unknown, more: object = {}): Promise<{ code: unknown; number: unknown; message: string }> =>
  answered(host.call('getfile', { path, ...more }));

const outside = { code: 'REMOTE_ERROR', number: -13, message: 'EACCES: not a file that may be read here (--allow-read)' };

describe('what is outside is refused in the same words, whether it is there or not', () => {
  test('by its own path', async () => {
    expect(await ask(join(root, 'outside'))).toEqual(outside);
    expect(await ask(join(root, 'missing'))).toEqual(outside);
    expect(await ask(join(root, 'missing', 'deeper'))).toEqual(outside);
    expect(await ask(join(root, 'outside', 'below-a-file'))).toEqual(outside);
    expect(await ask(`/${'x'.repeat(300)}`)).toEqual(outside);
    expect(await ask('/')).toEqual(outside);
  });

  test('by way of ..', async () => {
    expect(await ask(`${inside}/../outside`)).toEqual(outside);
    expect(await ask(`${inside}/../missing`)).toEqual(outside);
    expect(await ask(`${inside}/sub/../../outside`)).toEqual(outside);
    expect(await ask(`${inside}/../../../../../../../etc/passwd`)).toEqual(outside);
  });

  test('by a directory whose name only begins the same', async () => {
    expect(await ask(join(root, 'allowed-not', 'file'))).toEqual(outside);
    expect(await ask(join(root, 'allowed-not', 'missing'))).toEqual(outside);
  });

  test('by a symbolic link inside', async () => {
    symlinkSync(join(root, 'outside'), join(inside, 'to-file'));
    symlinkSync(join(root, 'missing'), join(inside, 'to-nothing'));
    symlinkSync(root, join(inside, 'to-dir'));
    symlinkSync('loop', join(inside, 'loop'));
    for (const path of ['to-file', 'to-nothing', 'to-dir/outside', 'to-dir/missing', 'to-nothing/deeper', 'loop']) {
      expect(await ask(join(inside, path))).toEqual(outside);
    }
  });

  test('by the links of /proc, to what this guest has open', async () => {
    expect(await ask('/proc/self/fd/0')).toEqual(outside);
    expect(await ask('/proc/self/environ')).toEqual(outside);
    expect(await ask('/proc/self/root/etc/passwd')).toEqual(outside);
  });
});

test('what is inside is given by any path that leads to it', async () => {
  symlinkSync(join(inside, 'file'), join(root, 'way-in'));
  symlinkSync('file', join(inside, 'link'));
  for (const path of [`${inside}/file`, `${inside}//sub/../file`, `${inside}/link`, `${root}/way-in`, `${inside}/../allowed/file`]) {
    expect(await host.call('getfile', { path })).toMatchObject({ size: 6, data: Buffer.from('inside').toString('base64') });
  }
});

test('what is missing inside is said to be missing', async () => {
  for (const path of ['missing', 'missing/deeper', 'file/below-a-file', 'sub/missing'])
    expect(await ask(join(inside, path))).toEqual({ code: 'REMOTE_ERROR', number: -2, message: 'ENOENT: there is no such file' });
});

describe('only a regular file is read, and nothing else keeps the guest waiting', () => {
  test('a directory', async () => {
    for (const path of [inside, `${inside}/sub`, `${inside}/sub/`]) expect(await ask(path)).toMatchObject({ number: -21 });
  });

  test('a FIFO without a writer, and a socket', async () => {
    execFileSync('mkfifo', [join(inside, 'fifo')]);
    const server = createServer().listen(join(inside, 'socket'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const path of ['fifo', 'socket'])
      expect(await ask(join(inside, path))).toEqual({ code: 'REMOTE_ERROR', number: -95, message: 'ENOTSUP: it is not a regular file' });
    expect(await host.call('ping')).toBeUndefined();
  });

  test('a device', async () => {
    const allowed = await AllowedDirs.of(['/dev']);
    for (const path of ['/dev/zero', '/dev/null'])
      expect(
        await rejection(getfile(allowed)({ path }, { signal: AbortSignal.timeout(60_000) } as never) as Promise<unknown>),
      ).toMatchObject({
        code: -95,
      });
  });
});

test('parameters that do not fit are refused as such', async () => {
  const path = join(inside, 'file');
  const bad: [unknown, object][] = [
    ['file', {}],
    [`${path}\0.txt`, {}],
    [`/${'x'.repeat(5000)}`, {}],
    ['', {}],
    [5, {}],
    [[path], {}],
    [undefined, {}],
    [path, { offset: -1 }],
    [path, { offset: 1.5 }],
    [path, { offset: '0' }],
    [path, { offset: 2 ** 60 }],
    [path, { length: -1 }],
    [path, { length: MOST_BYTES + 1 }],
    [path, { length: null }],
    [path, { follow: true }],
  ];
  for (const [given, more] of bad) expect(await ask(given, more)).toMatchObject({ code: 'INVALID_PARAMS', number: -22 });
  for (const params of [undefined, {}]) expect(await answered(host.call('getfile', params))).toMatchObject({ code: 'INVALID_PARAMS' });
});

test('a file that is exchanged while it is asked for is given whole or refused, and never from outside', async () => {
  const path = join(inside, 'flip');
  const seen = new Set<string>();
  for (let turn = 0; turn < 60; turn++) {
    rmSync(path, { force: true });
    if (turn % 2 === 0) symlinkSync(join(root, 'outside'), join(root, 'next'));
    else linkSync(join(inside, 'file'), join(root, 'next'));
    const asked = Promise.allSettled([1, 2, 3].map(async () => host.call('getfile', { path })));
    renameSync(join(root, 'next'), path);
    for (const one of await asked)
      seen.add(one.status === 'fulfilled' ? Buffer.from((one.value as { data: string }).data, 'base64').toString() : 'refused');
  }
  seen.delete('refused');
  expect([...seen].filter((content) => content !== 'inside')).toEqual([]);
});

test('a guest that was given no directory gives no file', async () => {
  const socket = join(root, 's2');
  await guestAt(socket);
  const other = await hostAt(socket);
  expect(await answered(other.call('getfile', { path: '/etc/passwd' }))).toEqual({
    code: 'REMOTE_ERROR',
    number: -13,
    message: 'EACCES: getfile is not allowed here: --allow-read',
  });
});

test('a directory given by a symbolic link is the one that it leads to', async () => {
  symlinkSync(inside, join(root, 'alias'));
  const allowed = await AllowedDirs.of([join(root, 'alias')]);
  expect([allowed.contains(join(inside, 'file')), allowed.contains(join(root, 'alias', 'file'))]).toEqual([true, false]);
  expect(allowed.contains(`${inside}-not`)).toBe(false);
  expect((await AllowedDirs.of(['/'])).contains('/anything')).toBe(true);
});

test('all of this leaves no file open', async () => {
  const count = (): number => Number(execFileSync('sh', ['-c', `ls /proc/${process.pid}/fd | wc -l`]));
  const handler = getfile(await AllowedDirs.of([inside]));
  const context = { signal: AbortSignal.timeout(60_000) } as never;
  const before = count();
  for (const path of [join(inside, 'file'), join(root, 'outside'), inside, '/etc/passwd', join(inside, 'missing')])
    await Promise.allSettled(Array.from({ length: 5 }, async () => handler({ path }, context) as Promise<unknown>));
  expect(count()).toBe(before);
  expect(readFileSync(join(inside, 'file'), 'utf8')).toBe('inside');
});
