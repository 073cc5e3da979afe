import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bin, folder, guestAt, plainEnv, run, Running, start, type Run } from './support.ts';

/** `virtagent ARGS` as a shell runs it with that redirection. */
async function redirected(redirection: string, args: readonly string[]): Promise<Run> {
  const words = [process.execPath, bin, ...args];
  const child = spawn('sh', ['-c', `exec "$@" ${redirection}`, 'sh', ...words], { env: plainEnv });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Running(child).ended;
}

/** A guest with one file that may be written. */
async function guestWithFile(): Promise<{ file: string; line: string[] }> {
  const dir = folder();
  const file = join(dir, 'file');
  writeFileSync(file, 'what was there');
  await guestAt(join(dir, 's'), '--allow-write', dir);
  return { file, line: ['-c', 'unix-connect', '-p', join(dir, 's')] };
}

test.each([
  ['a directory', '< /', 'EISDIR'],
  ['closed', '<&-', 'it is closed'],
  ['open for writing alone', '0> /dev/null', 'EBADF'],
])('a copy of a standard input that is %s fails, and what was there stays', async (_, redirection, why) => {
  const { file, line } = await guestWithFile();
  const { code, stdout, stderr } = await redirected(redirection, ['copy', '-', `guest:${file}`, ...line]);
  expect(stderr).toMatch(new RegExp(`^virtagent: INPUT_FAILED: standard input can not be read \\(${why}\\)\\n {2}→ Give a file or a pipe`));
  expect([code, stdout]).toEqual([70, '']);
  expect(readFileSync(file, 'utf8')).toBe('what was there');
});

test.each(['/dev/null', 'a file'])('an empty standard input is copied as an empty file: %s', async (which) => {
  const { file, line } = await guestWithFile();
  const empty = which === 'a file' ? join(folder(), 'empty') : which;
  writeFileSync(empty, '');
  const { code } = await redirected(`< ${empty}`, ['copy', '-', `guest:${file}`, ...line]);
  expect([code, readFileSync(file, 'utf8')]).toEqual([0, '']);
});

describe('a directory as standard input is said before a line is opened', () => {
  const nowhere = ['-c', 'unix-connect', '-p', '/nowhere'];
  test.each<[number, string[]]>([
    [70, ['call', 'ping', '-', ...nowhere]],
    [70, ['host', ...nowhere]],
    [125, ['exec', ...nowhere, '--', 'cat']],
  ])('%i: %s', async (exit, args) => {
    const running = start(args, { stdio: [openSync('/', 'r'), 'pipe', 'pipe'] });
    const { code, stdout, stderr } = await running.ended;
    expect(stderr).toMatch(/^virtagent: INPUT_FAILED: standard input can not be read \(EISDIR\)\n {2}→ [^\n]+\n$/);
    expect([code, stdout]).toEqual([exit, '']);
  });
});

test.each([
  ['a directory', '< /', 'EISDIR'],
  ['closed', '<&-', 'it is closed'],
])('so it is where it is the line: %s', async (_, redirection, why) => {
  const { code, stderr } = await redirected(redirection, ['guest', '-c', 'stdio']);
  expect(stderr).toContain(`virtagent: INPUT_FAILED: standard input can not be read (${why})\n`);
  expect(code).toBe(70);
});

test.each([['guest'], ['call', 'ping'], ['copy', 'guest:/x', '/tmp/x']])('a closed output is no line either: %s', async (...command) => {
  const { code, stderr } = await redirected('>&-', [...command, '-c', 'stdio']);
  expect(stderr).toMatch(/^virtagent: LINE_LOST: stdio: standard output is closed\n {2}→ Give both ends of the line/);
  expect(code).toBe(5);
});

test.each([
  ['an argument', [''], '', 'JSON is ""'],
  ['an argument of blanks', [' '], '', 'JSON is " "'],
  ['standard input', ['-'], '\n', 'JSON on standard input is "\\n"'],
])('parameters that are empty are none that a call takes: %s', async (_, json, input, named) => {
  const { code, stdout, stderr } = await run(['call', 'ping', ...json, '-c', 'unix-connect', '-p', '/nowhere'], input);
  expect(stderr).toContain(`virtagent: INVALID_OPTION: ${named}; it takes a JSON value; a call without parameters is made without it\n`);
  expect([code, stdout]).toEqual([2, '']);
});
