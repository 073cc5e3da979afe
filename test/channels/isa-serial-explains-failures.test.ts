import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { isaSerial } from '../../transport/channels/isa-serial.ts';
import { closing, failure, folder, never } from './support.ts';

test.each([
  ['/dev/ttyVA', 'CHANNEL_NOT_FOUND', 'there is nothing at that address (ENOENT)'],
  ['/dev/null/ttyS0', 'CHANNEL_NOT_FOUND', 'a part of the path is no directory (ENOTDIR)'],
  ['/dev/null', 'CHANNEL_UNUSABLE', 'that device is no serial port and no terminal (ENOTTY)'],
  ['/tmp', 'CHANNEL_UNUSABLE', 'that is no device, but a file, a folder or a socket'],
])('%s: %s', async (path, code, text) => {
  const error = await failure(closing(isaSerial(path)).open(never));
  expect([error.code, error.message]).toEqual([code, `isa-serial ${path}: ${text}`]);
});

test('a file is not set up as a terminal, and stays as it is', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, 'mine');
  expect((await failure(closing(isaSerial(path)).open(never))).message).toContain('that is no device');
});

test('options out of range are refused before anything is opened', () => {
  for (const baudRate of [0, 49, 115200.5, 4_000_001, Number.NaN, '9600' as never]) {
    expect(() => isaSerial('/dev/ttyS1', { baudRate })).toThrow(/baudRate is .*; it takes a whole number from 50 to 4000000/);
  }
  expect(() => isaSerial('')).toThrow('path is ""');
});

test('without the serialport package one line says what to install, also in a program that is one file', async () => {
  const at = folder();
  const outfile = join(at, 'program.mjs');
  const contents = `
    import { isaSerial } from ${JSON.stringify(resolve(import.meta.dirname, '../../transport/channels/isa-serial.ts'))};
    const error = await isaSerial('/dev/ttyS1').open(new AbortController().signal).catch((error) => error);
    console.log(error.code + '|' + error.message);`;
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['serialport'],
    logLevel: 'silent',
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: at });
  expect(stdout).toBe('CHANNEL_UNUSABLE|isa-serial /dev/ttyS1: it needs the serialport package: npm install serialport\n');
});
