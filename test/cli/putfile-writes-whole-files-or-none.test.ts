import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { everyProtocol } from '../support/peers.ts';
import { SimulatedClock } from 'xstate';
import { AllowedDirs } from '../../cli/allowed-dirs.ts';
import { IDLE_MS, MOST_TRANSFERS, PutTransfers } from '../../cli/put-transfers.ts';
import { putfile } from '../../cli/putfile.ts';
import { rejection } from '../support/peers.ts';
import { answered, folder, guestAt, hostAt } from './support.ts';

let root = '';
let inside = '';
let transfers: PutTransfers;
let clock: SimulatedClock;
let put: (params: object) => Promise<Record<string, unknown>>;

beforeEach(async () => {
  root = folder();
  inside = join(root, 'allowed');
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(inside, 'file'), 'before');
  writeFileSync(join(root, 'outside', 'file'), 'outside');
  clock = new SimulatedClock();
  transfers = new PutTransfers(await AllowedDirs.of([inside], '--allow-write'), clock);
  const handler = putfile(transfers);
  put = async (params) => handler(params, { signal: new AbortController().signal } as never) as Promise<Record<string, unknown>>;
});

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const content = (path: string): string => readFileSync(path, 'utf8');
const gone = { code: -116, message: 'ESTALE: there is no such transfer (any more): begin again' };
const refused = { code: -13, message: 'EACCES: not a file that may be written here (--allow-write)' };

async function ask(params: object): Promise<{ code: unknown; message: string }> {
  const { code, message } = await rejection(put(params));
  return { code, message };
}

/** Nothing beside what the test made: no temporary file, and none of this process that is open. */
function expectClean(names: readonly string[] = ['file', 'sub']): void {
  expect(readdirSync(inside).toSorted()).toEqual(names);
  expect(readdirSync(join(root, 'outside'))).toEqual(['file']);
  expect(content(join(root, 'outside', 'file'))).toBe('outside');
  const open = readdirSync('/proc/self/fd').map((fd) => (existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : ''));
  expect(open.filter((path) => path.startsWith(root))).toEqual([]);
  expect(transfers.count).toBe(0);
}

test('a small file is written at once', async () => {
  const path = join(inside, 'new');
  expect(await put({ path, data: base64('content'), sha256: sha256('content') })).toEqual({ size: 7, sha256: sha256('content') });
  expect(content(path)).toBe('content');
  expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
  expectClean(['file', 'new', 'sub']);
});

test('a file in pieces has its name when it is whole, and until then a private one', async () => {
  const path = join(inside, 'file');
  const { transfer, most } = await put({ path, size: 10, mode: 0o640 });
  expect(most).toBe(1024 * 1024);
  expect(await put({ transfer, offset: 0, data: base64('01234') })).toEqual({ reached: 5 });
  const temporary = readdirSync(inside).find((name) => name.startsWith('.virtagent-')) as string;
  expect(statSync(join(inside, temporary)).mode & 0o777).toBe(0o600);
  expect(content(path)).toBe('before');
  // The same piece again, and one that overlaps.
  expect(await put({ transfer, offset: 0, data: base64('01234') })).toEqual({ reached: 5 });
  expect(await put({ transfer, offset: 3, data: base64('3456789') })).toEqual({ reached: 10 });
  expect(await put({ transfer, size: 10, sha256: sha256('0123456789') })).toEqual({ size: 10, sha256: sha256('0123456789') });
  expect(content(path)).toBe('0123456789');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expectClean();
});

test('several pieces that come at once are written in their order, before the call that ends the file', async () => {
  const bytes = randomBytes(300_000);
  const { transfer } = await put({ path: join(inside, 'file') });
  const pieces = [0, 1, 2].map(async (at) =>
    put({ transfer, offset: at * 100_000, data: base64(bytes.subarray(at * 100_000, (at + 1) * 100_000)) }),
  );
  const last = put({ transfer, size: bytes.length, sha256: sha256(bytes) });
  expect(await Promise.all(pieces)).toEqual([{ reached: 100_000 }, { reached: 200_000 }, { reached: 300_000 }]);
  expect(await last).toMatchObject({ size: 300_000 });
  expect(readFileSync(join(inside, 'file')).equals(bytes)).toBe(true);
});

test('a file keeps the permissions of the one that it replaces', async () => {
  chmodSync(join(inside, 'file'), 0o751);
  await put({ path: join(inside, 'file'), data: base64('after') });
  expect([content(join(inside, 'file')), statSync(join(inside, 'file')).mode & 0o777]).toEqual(['after', 0o751]);
});

describe('what is outside is refused in the same words, whether it is there or not', () => {
  test.each(['outside/file', 'outside/new', 'missing/new', 'allowed/../outside/new', 'allowed/sub/../../outside/file', 'new', 'outside'])(
    '%s',
    async (path) => {
      expect(await ask({ path: `${root}/${path}`, data: '' })).toEqual(refused);
      expectClean();
    },
  );

  test('by symbolic links', async () => {
    symlinkSync(join(root, 'outside'), join(inside, 'to-dir'));
    symlinkSync(join(root, 'outside', 'file'), join(inside, 'to-file'));
    symlinkSync(join(root, 'outside', 'none'), join(inside, 'to-nothing'));
    symlinkSync('loop', join(inside, 'loop'));
    for (const path of ['to-dir/new', 'to-dir/file', 'to-file', 'to-nothing', 'to-nothing/new', 'loop', 'loop/new']) {
      expect(await ask({ path: join(inside, path), data: '' })).toEqual(refused);
    }
    expectClean(['file', 'loop', 'sub', 'to-dir', 'to-file', 'to-nothing']);
  });

  test('by the links of /proc', async () => {
    for (const path of ['/proc/self/cwd/new', '/proc/self/root/new', '/proc/self/fd/0'])
      expect(await ask({ path, data: '' })).toEqual(refused);
  });
});

test('a folder that is moved outside, or exchanged for a link, in the middle gets nothing outside', async () => {
  const moved = await put({ path: join(inside, 'sub', 'new') });
  renameSync(join(inside, 'sub'), join(root, 'sub'));
  symlinkSync(join(root, 'outside'), join(inside, 'sub'));
  await put({ transfer: moved['transfer'], offset: 0, data: base64('x') });
  expect(await ask({ transfer: moved['transfer'], size: 1 })).toEqual(refused);
  expect(readdirSync(join(root, 'sub'))).toEqual([]);
  expectClean();
});

test('only a regular file is replaced, and only in a folder that is there', async () => {
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(inside, 'fifo')]);
  expect(await ask({ path: join(inside, 'sub'), data: '' })).toMatchObject({ code: -21 });
  expect(await ask({ path: inside, data: '' })).toMatchObject({ code: -21 });
  expect(await ask({ path: join(inside, 'fifo'), data: '' })).toMatchObject({ code: -95 });
  for (const path of ['missing/new', 'missing/', 'file/new', 'file/', 'new/']) {
    expect(await ask({ path: `${inside}/${path}`, data: '' })).toEqual({ code: -2, message: 'ENOENT: there is no such folder' });
  }
  expect(await ask({ path: join(inside, 'x'.repeat(256)), data: '' })).toMatchObject({ code: -36 });
  expectClean(['fifo', 'file', 'sub']);
});

test('a link inside that leads inside stays, and what it leads to is replaced', async () => {
  symlinkSync('file', join(inside, 'link'));
  await put({ path: join(inside, 'link'), data: base64('after') });
  expect([readlinkSync(join(inside, 'link')), content(join(inside, 'file'))]).toEqual(['file', 'after']);
});

describe('what is not what was sent is thrown away, and what was there stays', () => {
  test.each<[string, object, number]>([
    ['a length', { size: 4 }, -84],
    ['a hash', { size: 3, sha256: sha256('other') }, -84],
  ])('%s', async (_, last, code) => {
    const { transfer } = await put({ path: join(inside, 'file') });
    await put({ transfer, offset: 0, data: base64('abc') });
    expect(await ask({ transfer, ...last })).toMatchObject({ code });
    expect(await ask({ transfer, size: 3 })).toEqual(gone);
    expect(content(join(inside, 'file'))).toBe('before');
    expectClean();
  });

  test('the hash of a small file', async () => {
    expect(await ask({ path: join(inside, 'file'), data: base64('abc'), sha256: sha256('abd') })).toMatchObject({ code: -84 });
    expectClean();
  });
});

test('a hole, and bytes beyond what was announced, are refused: a file costs what was sent of it', async () => {
  const { transfer } = await put({ path: join(inside, 'new'), size: 4 });
  expect(await ask({ transfer, offset: 1, data: base64('x') })).toMatchObject({ code: -29 });
  expect(await ask({ transfer, offset: 2 ** 52, data: base64('x') })).toMatchObject({ code: -29 });
  expect(await ask({ transfer, offset: 0, data: base64('01234') })).toMatchObject({ code: -27 });
  await put({ transfer, abort: true });
  expect(await ask({ path: join(inside, 'new'), size: 2 ** 52 })).toEqual({ code: -28, message: 'ENOSPC: there is no room for the file' });
  expectClean();
});

test('files are given up when told, when nothing is heard of them, and when the line is down', async () => {
  const path = join(inside, 'new');
  const aborted = await put({ path });
  expect(await put({ transfer: aborted['transfer'], abort: true })).toEqual({});
  expect(await put({ transfer: aborted['transfer'], abort: true })).toEqual({});
  expectClean();

  const idle = await put({ path });
  clock.increment(IDLE_MS - 1);
  await put({ transfer: idle['transfer'], offset: 0, data: base64('x') });
  clock.increment(IDLE_MS - 1);
  expect(transfers.count).toBe(1);
  clock.increment(1);
  expect(await ask({ transfer: idle['transfer'], offset: 1, data: base64('x') })).toEqual(gone);
  // Nobody asked for it, so nobody is told when its file is gone.
  await vi.waitFor(() => expectClean(), { timeout: 30_000 });

  const lost = await put({ path });
  await transfers.dropAll();
  expect(await ask({ transfer: lost['transfer'], size: 0 })).toEqual(gone);
  expectClean();
});

test('a file that is begun while the line goes down is not begun', async () => {
  const begun = rejection(put({ path: join(inside, 'new') }));
  await transfers.dropAll();
  expect(await begun).toMatchObject({ code: -116 });
  expectClean();
});

test('only so many are open at once', async () => {
  const path = join(inside, 'new');
  const all = await Promise.allSettled(Array.from({ length: MOST_TRANSFERS + 3 }, async () => put({ path })));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_TRANSFERS);
  expect(await ask({ path, data: '' })).toMatchObject({ code: -24 });
  await transfers.dropAll();
  await put({ path, data: '' });
  expectClean(['file', 'new', 'sub']);
});

test('parameters that do not fit are refused as such', async () => {
  const path = join(inside, 'new');
  const transfer = '0'.repeat(24);
  const bad: object[] = [
    {},
    { path: 'new' },
    { path: 5 },
    { path, data: 5 },
    { path, data: 'a' },
    { path, data: 'YR==' },
    { path, data: 'YQ' },
    { path, data: 'Y Q=' },
    { path, data: 'A'.repeat(1_400_000) },
    { path, size: -1 },
    { path, mode: 0o1000 },
    { path, sha256: 'x' },
    { path, offset: 1 },
    { transfer: '../../x', size: 1 },
    { transfer: 5, size: 1 },
    { transfer },
    { transfer, path, size: 1 },
    { transfer, offset: -1, data: '' },
    { transfer, data: 'YQ==', more: 1 },
  ];
  for (const params of bad) expect([params, (await ask(params)).code]).toEqual([params, 'INVALID_PARAMS']);
  expect(await ask({ transfer, size: 1 })).toEqual(gone);
  expectClean();
});

test.each(everyProtocol)(
  'over the line ($protocol): refused without a directory; what was begun goes with the host',
  async ({ protocol }) => {
    const closed = await guestAt(join(root, 'a'), '--protocol', protocol);
    expect(await answered((await hostAt(join(root, 'a'), protocol)).call('putfile', { path: join(inside, 'new'), data: '' }))).toEqual({
      code: 'REMOTE_ERROR',
      number: -13,
      message: 'EACCES: putfile is not allowed here: --allow-write',
    });
    await closed.stop();
    const guest = await guestAt(join(root, 'b'), '--allow-write', inside, '--protocol', protocol);
    const host = await hostAt(join(root, 'b'), protocol);
    await host.call('putfile', { path: join(inside, 'new') });
    expect(readdirSync(inside)).toHaveLength(3);
    host.close();
    await guest.printed('stderr', 'the line ended');
    // With virtagent-2 it is the next host's session that ends its own.
    await (await hostAt(join(root, 'b'), protocol)).call('ping');
    await vi.waitFor(() => expectClean(), { timeout: 30_000 });
  },
);

test.each(['SIGTERM', 'second SIGTERM'])('a guest that is ended by a %s leaves no temporary file', async (how) => {
  const guest = await guestAt(join(root, 's'), '--allow-write', inside);
  const host = await hostAt(join(root, 's'));
  await host.call('putfile', { path: join(inside, 'new') });
  guest.child.kill('SIGTERM');
  if (how !== 'SIGTERM') guest.child.kill('SIGTERM');
  await guest.ended;
  expectClean();
});

test('files that are begun at once have room together, or are refused', async () => {
  const { bavail, bsize } = statfsSync(inside);
  const size = Math.floor(bavail * bsize * 0.4);
  const begun = await Promise.allSettled([1, 2, 3, 4].map(async (n) => put({ path: join(inside, `large${n}`), size })));
  await transfers.dropAll();
  expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(readdirSync(inside).filter((name) => name.includes('.part'))).toEqual([]);
});
