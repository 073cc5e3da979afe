import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AllowedDirs } from '../../cli/allowed-dirs.ts';
import { getfile, MOST_BYTES, type FilePiece } from '../../cli/getfile.ts';
import { rejection } from '../support/peers.ts';
import { folder, guestAt, hostAt } from './support.ts';

const never = { signal: new AbortController().signal };

async function reader(dir: string): Promise<(params: object, context?: object) => Promise<FilePiece>> {
  const handler = getfile(await AllowedDirs.of([dir]));
  return async (params, context = never) => handler(params, context as never) as Promise<FilePiece>;
}

test('a piece says where it is, how long, and whether the file ends with it', async () => {
  const dir = folder();
  const path = join(dir, 'file');
  writeFileSync(path, '0123456789');
  const read = await reader(dir);
  const cases: [object, string, boolean][] = [
    [{}, '0123456789', true],
    [{ length: 4 }, '0123', false],
    [{ offset: 4, length: 4 }, '4567', false],
    [{ offset: 8, length: 2 }, '89', true],
    [{ offset: 8, length: 100 }, '89', true],
    [{ offset: 10 }, '', true],
    [{ offset: 2 ** 52 }, '', true],
    [{ length: 0 }, '', false],
    [{ offset: 10, length: 0 }, '', true],
  ];
  for (const [params, text, eof] of cases) {
    const { offset = 0 } = params as { offset?: number };
    const data = Buffer.from(text).toString('base64');
    expect(await read({ path, ...params })).toEqual({ data, offset, length: text.length, size: 10, eof });
  }
});

test('a file whose size says nothing is read to its end', async () => {
  const read = await reader('/proc');
  const { data, size, eof } = await read({ path: '/proc/version' });
  expect([size, eof]).toEqual([0, true]);
  expect(Buffer.from(data, 'base64').toString()).toMatch(/^Linux version/);
});

test.each(['virtagent-v7', 'virtagent-2'] as const)(
  'a large file comes whole in the largest pieces that v7 carries, several at once: %s',
  async (protocol) => {
    const dir = folder();
    const path = join(dir, 'large');
    const content = randomBytes(3 * MOST_BYTES + 12_345);
    writeFileSync(path, content);
    await guestAt(join(dir, 's'), '--allow-read', dir, '--protocol', protocol);
    const host = await hostAt(join(dir, 's'), protocol);
    const pieces = await Promise.all([0, 1, 2, 3].map(async (at) => host.call('getfile', { path, offset: at * MOST_BYTES })));
    expect(pieces.map(({ eof }) => eof as boolean)).toEqual([false, false, false, true]);
    const whole = Buffer.concat(pieces.map(({ data }) => Buffer.from(data as string, 'base64')));
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(hash(whole)).toBe(hash(content));
  },
);

test('a caller that has gone is read nothing more', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'file'), 'content');
  const read = await reader(dir);
  const gone = AbortSignal.abort(new Error('gone'));
  expect((await rejection(read({ path: join(dir, 'file') }, { signal: gone }))).message).toBe('gone');
});
