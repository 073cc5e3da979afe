import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { AllowedDirs } from '../../cli/allowed-dirs.ts';
import { getfile, MOST_BYTES, type FilePiece } from '../../cli/getfile.ts';
import { rejection } from '../support/peers.ts';
import { answered, folder, guestAt, hostAt } from './support.ts';

let root = '';
let inside = '';
let read: (params: unknown) => Promise<FilePiece>;

beforeEach(async () => {
  root = folder();
  inside = join(root, 'allowed');
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(join(root, 'allowed-not'));
  writeFileSync(join(inside, 'file'), 'inside');
  writeFileSync(join(root, 'outside'), 'outside');
  writeFileSync(join(root, 'allowed-not', 'file'), 'outside');
  read = await reader(inside);
});

async function reader(dir: string): Promise<(params: unknown) => Promise<FilePiece>> {
  const handler = getfile(await AllowedDirs.of([dir]));
  const context = { signal: new AbortController().signal } as never;
  return async (params) => handler(params, context) as Promise<FilePiece>;
}

async function ask(path: unknown, more: object = {}): Promise<{ code: unknown; message: string }> {
  const { code, message } = await rejection(read({ path, ...more }));
  return { code, message };
}

const outside = { code: -13, message: 'EACCES: not a file that may be read here (--allow-read)' };

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
    expect(await read({ path })).toMatchObject({ size: 6, data: Buffer.from('inside').toString('base64') });
  }
});

test('what is missing inside is said to be missing', async () => {
  for (const path of ['missing', 'missing/deeper', 'file/below-a-file', 'sub/missing'])
    expect(await ask(join(inside, path))).toEqual({ code: -2, message: 'ENOENT: there is no such file' });
});

describe('only a regular file is read, and nothing else keeps the guest waiting', () => {
  test('a directory', async () => {
    for (const path of [inside, `${inside}/sub`, `${inside}/sub/`]) expect(await ask(path)).toMatchObject({ code: -21 });
  });

  test('a FIFO without a writer, and a socket', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(inside, 'fifo')]);
    const server = createServer().listen(join(inside, 'socket'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const path of ['fifo', 'socket'])
      expect(await ask(join(inside, path))).toEqual({ code: -95, message: 'ENOTSUP: it is not a regular file' });
  });

  test('a device', async () => {
    read = await reader('/dev');
    for (const path of ['/dev/zero', '/dev/null']) expect(await ask(path)).toMatchObject({ code: -95 });
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
  for (const [given, more] of bad) expect(await ask(given, more)).toMatchObject({ code: 'INVALID_PARAMS' });
  for (const params of [undefined, {}, [], null, 'x']) expect(await rejection(read(params))).toMatchObject({ code: 'INVALID_PARAMS' });
});

test('a file that is exchanged while it is asked for is given whole or refused, and never from outside', async () => {
  const path = join(inside, 'flip');
  const seen = new Set<string>();
  for (let turn = 0; turn < 200; turn++) {
    rmSync(path, { force: true });
    if (turn % 2 === 0) symlinkSync(join(root, 'outside'), join(root, 'next'));
    else linkSync(join(inside, 'file'), join(root, 'next'));
    const asked = Promise.allSettled([1, 2, 3].map(async () => read({ path })));
    renameSync(join(root, 'next'), path);
    for (const one of await asked) seen.add(one.status === 'fulfilled' ? Buffer.from(one.value.data, 'base64').toString() : 'refused');
  }
  seen.delete('refused');
  expect([...seen].filter((content) => content !== 'inside')).toEqual([]);
});

test('over the line come the same answers', async () => {
  const socket = join(root, 's');
  await guestAt(socket, '--allow-read', inside, '--protocol', 'virtagent-v7');
  const host = await hostAt(socket, 'virtagent-v7');
  const over = async (path: string): Promise<object> => answered(host.call('getfile', { path }));
  expect(await over(join(root, 'outside'))).toEqual({ code: 'REMOTE_ERROR', number: -13, message: outside.message });
  expect(await over(join(inside, 'missing'))).toMatchObject({ code: 'REMOTE_ERROR', number: -2 });
  expect(await over('file')).toMatchObject({ code: 'INVALID_PARAMS', number: -22 });
});

test('a guest that was given no directory gives no file', async () => {
  const socket = join(root, 's');
  await guestAt(socket);
  const host = await hostAt(socket);
  expect(await answered(host.call('getfile', { path: '/etc/passwd' }))).toEqual({
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
  for (const path of [join(inside, 'file'), join(root, 'outside'), inside, join(inside, 'missing')])
    await Promise.allSettled(Array.from({ length: 5 }, async () => read({ path })));
  const open = readdirSync('/proc/self/fd').map((fd) => (existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : ''));
  expect(open.filter((path) => path.startsWith(root))).toEqual([]);
});
