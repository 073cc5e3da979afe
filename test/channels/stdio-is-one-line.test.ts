import { once } from 'node:events';
import { expect, test } from 'vitest';
import { pipeline, program } from './run-program.ts';
import { text } from './support.ts';

test('what comes in on stdin can be answered on stdout, and its end ends both', async () => {
  const { child, exited } = program('echo');
  const sent = Buffer.alloc(3_000_000, 'a line\n').toString('latin1');
  child.stdin.end(sent);
  expect((await text(child.stdout)) === sent).toBe(true);
  expect(await exited).toBe(0);
});

test('the same over the pipes of a shell', async () => {
  const { exited, output } = pipeline('echo', `head -c 1000000 /dev/zero | PROGRAM | wc -c`);
  expect(await exited).toBe(0);
  expect(output().trim()).toBe('1000000');
});

test('the same with files', async () => {
  const { exited, output } = pipeline('half', 'PROGRAM < /dev/null | cat');
  expect(await exited).toBe(0);
  expect(output()).toBe('heard ; writable true\nbye\n');
});

test('the end of stdin ends the reading side only', async () => {
  const { child, exited, notes } = program('half');
  child.stdin.end('all of it');
  expect(await text(child.stdout)).toBe('heard all of it; writable true\nbye\n');
  expect(await exited).toBe(0);
  expect(notes()).toBe('closed\n');
});

test('a peer that does not read holds the writer back', async () => {
  const { child, exited, notes } = program('flood');
  while (!notes().includes('\n')) await once(child.stderr as NonNullable<typeof child.stderr>, 'data');
  expect(notes()).toBe('waiting\n');
  child.stdout.resume();
  expect(await exited).toBe(0);
  expect(notes()).toBe('waiting\ndrain\n');
});

test('a destroyed line lets the process exit, though its stdin stays open', async () => {
  const { exited, notes, child } = program('leave');
  expect(await text(child.stdout)).toBe('leaving\n');
  expect(await exited).toBe(0);
  expect(notes()).toBe('closed\n');
});

test('a destroyed line lets the process exit, though its peer does not read what was written', async () => {
  const { exited, notes } = program('leave', 'writing');
  expect(await exited).toBe(0);
  expect(notes()).toBe('closed\n');
});

test('so it does on a terminal', async () => {
  const { exited, output } = pipeline('leave', `script -qec "PROGRAM" /dev/null < /dev/null`);
  expect(await exited).toBe(0);
  expect(output()).toContain('leaving');
});

test('a peer that has closed its end is EPIPE on the line, and a stray print after it ends nothing', async () => {
  const { child, exited, notes } = program('deaf-peer');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await exited).toBe(0);
  expect(notes()).toBe('closed EPIPE\nalive\n');
});

test('the same over the pipes of a shell', async () => {
  const { exited, notes } = pipeline(
    'deaf-peer',
    '{ sleep 60 & echo $! >&3; } 3>&1 | { read pid; PROGRAM < /dev/null | head -c 10; kill $pid; }',
  );
  expect(await exited).toBe(0);
  expect(notes()).toContain('closed EPIPE\nalive\n');
});

test('a process has one such line, and only an open() takes it', async () => {
  const { exited, notes } = program('rules');
  expect(await exited).toBe(0);
  expect(notes().trim().split('\n')).toEqual([
    'CHANNEL_UNUSABLE',
    'reason',
    'stdio false true',
    'null',
    'CHANNEL_UNUSABLE',
    'CHANNEL_UNUSABLE',
    'false',
  ]);
});
