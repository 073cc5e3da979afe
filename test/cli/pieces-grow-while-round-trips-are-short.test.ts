import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MOST_BYTES } from '../../cli/getfile.ts';
import { Pace } from '../../cli/pace.ts';
import { bin, folder, guestAt, plainEnv } from './support.ts';

/** The sizes of pieces over a line with a latency (ms) and a rate (bytes a second). */
function sizes(latency: number, rate: number, pieces: number): number[] {
  const pace = new Pace();
  return Array.from({ length: pieces }, () => {
    const { bytes } = pace;
    pace.took(bytes, latency + (bytes * (4 / 3) * 1000) / rate);
    return bytes;
  });
}

test('on a fast line they are soon as large as they may be', () => {
  expect(sizes(1, 1e9, 9)).toEqual([4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, MOST_BYTES]);
  expect(sizes(1, 1e9, 20).at(-1)).toBe(MOST_BYTES);
});

test('at 115200 baud they stay small, and at 300 they get smaller, but not for ever', () => {
  expect(new Set(sizes(7, 11_520, 20))).toEqual(new Set([4096]));
  expect(sizes(7, 300, 20).at(-1)).toBe(1024);
});

test('a piece of before the last change says nothing about it', () => {
  const pace = new Pace();
  pace.took(4096, 1);
  pace.took(4096, 1);
  expect(pace.bytes).toBe(8192);
  pace.took(8192, 5000);
  pace.took(8192, 5000);
  expect(pace.bytes).toBe(4096);
});

test('told how large they are to be, they are', () => {
  const pace = new Pace(100);
  pace.took(100, 1);
  pace.took(100, 10_000);
  expect(pace.bytes).toBe(100);
  expect(new Pace(10_000, 500).bytes).toBe(500);
});

const hasScript = spawnSync('sh', ['-c', 'command -v script']).status === 0;

test.runIf(hasScript)('on a terminal there is a bar while a file is copied, and none afterwards', async () => {
  const root = folder();
  writeFileSync(join(root, 'file'), Buffer.alloc(300_000));
  await guestAt(join(root, 's'), '--allow-read', root);
  const words = [bin, 'copy', `guest:${root}/file`, `${root}/copy`, '-c', 'unix-connect', '-p', `${root}/s`, '--piece', '300'];
  const command = `stty cols 150 rows 50; "${process.execPath}" ${words.map((word) => `"${word}"`).join(' ')}`;
  const { status, stdout } = spawnSync('sh', ['-c', 'script -qec "$0" /dev/null', command], {
    encoding: 'utf8',
    env: { ...plainEnv, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(status).toBe(0);
  for (const part of ['░░░░', '300000 bytes in ']) expect(stdout).toContain(part);
  expect(stdout).toMatch(/\d+ % {2}\d+\.\d KiB {2}\d+\.\d .iB\/s/);
  expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
});
