import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kmsgLines, readKernelLog } from '../../cli/getdmesg.ts';
import { Tail } from '../../cli/tail.ts';
import { rejection } from '../support/peers.ts';
import { folder, guestAt, hostAt } from './support.ts';

const never = new AbortController().signal;

function program(text: string): string {
  const path = join(folder(), 'dmesg');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('over the line comes what dmesg prints here, or why it may not be read', async () => {
  const socket = join(folder(), 's');
  await guestAt(socket);
  const host = await hostAt(socket);
  let printed: string;
  try {
    printed = execFileSync('sh', ['-c', 'dmesg'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });
  } catch {
    expect((await rejection(host.call('getdmesg'))).message).toMatch(/^EACCES: the kernel log can not be read here/);
    return;
  }
  const { text } = (await host.call('getdmesg')) as { text: string };
  const last = (all: string): string | undefined => all.trimEnd().split('\n').at(-1);
  expect(printed).toContain(last(text));
});

test('a record becomes the line that dmesg prints', () => {
  expect(kmsgLines('6,1,1234567,-;usb 1-1: new\n SUBSYSTEM=usb\n')).toEqual(['[    1.234567] usb 1-1: new']);
  expect(kmsgLines('30,5,89,c,caller=T1;a;b')).toEqual(['[    0.000089] a;b']);
  expect(kmsgLines('6,2,98765000001,-;one\\x0atwo')).toEqual(['[98765.000001] one', '[98765.000001] two']);
  expect(kmsgLines('nonsense')).toEqual([]);
});

test('where the device can not be read, the command is asked', async () => {
  const command = program('echo "[ 1.0] one"; printf "[ 2.0] two"');
  expect(await readKernelLog({ device: '/none', command }, never)).toEqual({ text: '[ 1.0] one\n[ 2.0] two\n', truncated: false });
});

test('where neither gives it, the error says why', async () => {
  const cases: [string, string][] = [
    [program('exit 1'), 'ended with 1'],
    [program('kill -9 $$'), 'was ended by SIGKILL'],
    ['/none/dmesg', 'ENOENT'],
  ];
  for (const [command, why] of cases) {
    const error = await rejection(readKernelLog({ device: '/none', command }, never));
    expect(error).toMatchObject({ code: -13, message: `EACCES: the kernel log can not be read here: /none ENOENT, ${command} ${why}` });
  }
});

test('a command is ended when nobody waits for it any more', async () => {
  const gone = new AbortController();
  const asked = rejection(readKernelLog({ device: '/none', command: program('exec sleep 600') }, gone.signal));
  gone.abort();
  expect((await asked).message).toContain('EACCES');
});

test('only the end of a long log is given, and it says so', async () => {
  const command = program('i=0; while [ $i -lt 40000 ]; do echo "line $i of a long log"; i=$((i+1)); done');
  const { text, truncated } = await readKernelLog({ device: '/none', command }, never);
  expect(truncated).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256 * 1024);
  expect(text).toMatch(/line 39999 of a long log\n$/);
  expect(text.split('\n')[0]).toMatch(/^line \d+ of a long log$/);
});

test('the last lines that fit are kept, counted in bytes', () => {
  const tail = new Tail(10);
  for (const line of ['abc', 'äö', 'x']) tail.add(line);
  expect([tail.text, tail.isCut]).toEqual(['äö\nx\n', true]);
  tail.add('far too long to fit');
  expect(tail.text).toBe('');
  for (let at = 0; at < 5000; at++) tail.add(String(at % 10));
  expect(tail.text).toBe('5\n6\n7\n8\n9\n');
});
