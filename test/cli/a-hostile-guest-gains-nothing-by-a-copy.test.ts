import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createPeer, MethodError, type Methods } from '../../actors/index.ts';
import { unixListen } from '../../transport/channels/unix.ts';
import { folder, run, type Run } from './support.ts';

let root = '';
let ours = '';

beforeEach(() => {
  root = folder();
  ours = join(root, 'ours');
  mkdirSync(ours);
  writeFileSync(join(ours, 'file'), 'before');
});

type Asked = { offset: number; length: number; sha256?: boolean };

async function hostileGuest(methods: Methods): Promise<void> {
  const channel = unixListen(join(root, 's'));
  await channel.listen();
  const peer = createPeer({ channel, protocol: 'jsonrpc-lines', methods });
  onTestFinished(() => {
    peer.close();
    return channel.close();
  });
}

const line = (): string[] => ['-c', 'unix-connect', '-p', join(root, 's'), '--protocol', 'jsonrpc-lines'];

async function fetched(getfile: (asked: Asked) => unknown, ...more: string[]): Promise<Run> {
  await hostileGuest({ getfile });
  return run(['copy', 'guest:/file', join(ours, 'file'), ...line(), ...more]);
}

const piece = ({ offset, length }: { offset: number; length: number }, size: number): Record<string, unknown> => {
  const bytes = Math.max(0, Math.min(length, size - offset));
  return {
    data: Buffer.alloc(bytes, 'x').toString('base64'),
    offset,
    length: bytes,
    size,
    eof: offset + bytes >= size,
    version: 'v',
    mode: 0o644,
  };
};

/** Nothing changed here, and the error is one line. */
function expectRefused({ code, stdout, stderr }: Run, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect([code, stdout]).toEqual([1, '']);
  expect(readdirSync(ours)).toEqual(['file']);
  expect(readFileSync(join(ours, 'file'), 'utf8')).toBe('before');
}

describe('answers to getfile that can not be right', () => {
  test.each<[string, (asked: Asked) => unknown, RegExp]>([
    ['none', () => null, /getfile: the guest's answer can not be used: it is no object/],
    ['no version', (asked) => ({ ...piece(asked, 10), version: undefined }), /it has no version/],
    ['data that is no text', (asked) => ({ ...piece(asked, 10), data: 5 }), /its data is no base64/],
    ['base64 with something else in it', (asked) => ({ ...piece(asked, 10), data: 'eH!h4' }), /its data is no base64/],
    [
      'more data than was asked for',
      (asked) => ({ ...piece(asked, 9999), data: 'A'.repeat(6000) }),
      /its data is no base64 of what was asked for/,
    ],
    ['a size that is none', (asked) => ({ ...piece(asked, 10), size: -1 }), /size is -1/],
    ['a size that is text', (asked) => ({ ...piece(asked, 10), size: '10' }), /size is "10"/],
    ['another offset', (asked) => ({ ...piece(asked, 9999), offset: asked.offset + 1 }), /its offset is 1, not 0/],
    ['no end', (asked) => ({ ...piece(asked, 10), eof: 'no' }), /eof is "no"/],
    [
      'less than was asked for, again and again',
      (asked) => ({ ...piece(asked, 9999), data: 'eA==', eof: false }),
      /it has 1 bytes, of 4096, and is not the last/,
    ],
    [
      'nothing, again and again',
      (asked) => ({ ...piece(asked, 9999), data: '', eof: false }),
      /it has 0 bytes, of 4096, and is not the last/,
    ],
    ['an early end', (asked) => ({ ...piece(asked, 10), size: 9999 }), /the file has 10 bytes, and was said to have 9999/],
    [
      'a file that goes on',
      (asked) => ({ ...piece(asked, 99_999), size: 5000 }),
      /the file goes on after its 5000 bytes|the file has 5000 bytes/,
    ],
    [
      'another hash',
      (asked) => ({ ...piece(asked, 9), sha256: '0'.repeat(64) }),
      /is not what was sent: its SHA-256 differs; it was thrown away/,
    ],
    ['no hash', (asked) => piece(asked, 9999), /its SHA-256 differs/],
    ['a mode that is none', (asked) => ({ ...piece(asked, 10), mode: 1.5 }), /mode is 1.5/],
  ])('%s', async (_, getfile, message) => {
    expectRefused(await fetched(getfile), message);
  });
});

test('of what was written to standard output it is not said that it was thrown away', async () => {
  await hostileGuest({ getfile: (asked: Asked) => ({ ...piece(asked, 9), sha256: '0'.repeat(64) }) });
  const { code, stdout, stderr } = await run(['copy', 'guest:/file', '-', ...line()]);
  expect(stderr).toMatch(/is not what was sent: its SHA-256 differs; standard output has had it already: do not use it \(known/);
  expect([code, stdout]).toEqual([1, 'x'.repeat(9)]);
});

test('a size beyond what there is room for is refused before anything is written', async () => {
  const { code, stderr } = await fetched((asked) => ({ ...piece(asked, 2 ** 52), eof: false }));
  expect(stderr).toMatch(/OUTPUT_FAILED: .* can not be written \(ENOSPC: there is no room for 4503599627370496 bytes\)/);
  expect(code).toBe(70);
  expect(readdirSync(ours)).toEqual(['file']);
});

test('a file that has no size and no end is cut off', async () => {
  const endless = (asked: Asked): unknown => ({ ...piece({ ...asked, offset: 0 }, 2 ** 40), offset: asked.offset, size: 0, eof: false });
  expectRefused(await fetched(endless), /the file goes on after its 0 bytes/);
});

test('an error with control characters, and a stack of lines, is one line', async () => {
  const result = await fetched(() => {
    throw new MethodError('\u001b[31mred\nsecond\u202e', { code: -5 });
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/^virtagent: REMOTE_ERROR: [^\n]*second[^\n]*\n {2}→ [^\n]*\n$/);
  expect(result.stderr).not.toMatch(/[^\P{C}\n]/u);
});

test('a mode with special bits gives no such file', async () => {
  const sha256 = createHash('sha256').update('x'.repeat(5)).digest('hex');
  const { code } = await fetched((asked) => ({ ...piece(asked, 5), mode: 0o6755, sha256 }), '--keep-mode');
  expect(code).toBe(0);
  const { statSync } = await import('node:fs');
  expect(statSync(join(ours, 'file')).mode & 0o7777).toBe(0o755);
});

describe('answers to putfile that can not be right', () => {
  const good = (params: Record<string, unknown>): unknown => {
    if ('path' in params) return { transfer: '0'.repeat(24), most: 1024 };
    return 'data' in params ? { reached: 1 } : { size: 6, sha256: 'wrong' };
  };
  test.each<[string, (params: Record<string, unknown>) => unknown, RegExp]>([
    ['no transfer', () => ({}), /putfile: the guest's answer can not be used: it names no transfer/],
    ['a transfer of a million characters', () => ({ transfer: 'x'.repeat(1_000_000), most: 5 }), /it names no transfer/],
    ['no most', () => ({ transfer: 'x' }), /most is undefined/],
    ['another hash', good, /the guest counts or hashes otherwise/],
  ])('%s', async (_, putfile, message) => {
    await hostileGuest({ putfile });
    expectRefused(await run(['copy', join(ours, 'file'), 'guest:/file', ...line()]), message);
  });

  test('a directory for ever', async () => {
    const paths: unknown[] = [];
    const putfile = (params: Record<string, unknown>): unknown => {
      paths.push(params['path']);
      throw new MethodError('EISDIR: it is a directory', { code: -21 });
    };
    await hostileGuest({ putfile });
    expectRefused(await run(['copy', join(ours, 'file'), 'guest:/dir', ...line()]), /EISDIR/);
    expect(paths).toEqual(['/dir', '/dir/file']);
  });

  test('a transfer that is gone each time: it is begun again only with --retry, and not for ever', async () => {
    let begun = 0;
    const putfile = (params: Record<string, unknown>): unknown => {
      if ('path' in params) return { transfer: `${begun++}`, most: 1024 };
      throw new MethodError('ESTALE: gone', { code: -116 });
    };
    await hostileGuest({ putfile });
    expectRefused(await run(['copy', join(ours, 'file'), 'guest:/file', ...line()]), /ESTALE: gone/);
    expect(begun).toBe(1);
    expectRefused(await run(['copy', join(ours, 'file'), 'guest:/file', ...line(), '--retry', '-q']), /ESTALE: gone/);
    expect(begun).toBe(21);
  });
});
