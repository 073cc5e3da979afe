import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentAt, folder, guestAt, run, start } from './support.ts';

const objectsIn = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** An agent whose command does not end. */
const endless = async (): Promise<string[]> =>
  agentAt({ 'guest-exec': () => ({ pid: 7 }), 'guest-exec-status': () => ({ exited: false }) });

test('what the console takes', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { stdout, stderr } = await run(['host', '-q', '--json', '-c', 'unix-connect', '-p', path], '.help\nping\n');
  expect(stdout).toBe('null\n');
  expect(objectsIn(stderr)).toMatchObject([
    { event: 'help', commands: expect.arrayContaining([expect.stringContaining('.quit')]) as string[] },
  ]);
});

test('that exec waits for its input', async () => {
  const exec = start(['exec', '--json', ...(await endless()), '--', 'cat']);
  await exec.printed('stderr', '\n');
  expect(objectsIn(exec.stderr)).toMatchObject([
    { level: 'info', event: 'input', message: expect.stringContaining('--no-stdin') as string },
  ]);
});

test('what a copy by an agent without commands leaves to be known', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const { code, stderr } = await run(['copy', '--json', file, 'guest:/x', ...(await agentAt())]);
  expect(objectsIn(stderr)).toMatchObject([{ event: 'copy' }, { event: 'copy' }, { code: 'METHOD_NOT_FOUND' }]);
  expect(code).toBe(1);
});

test('which process runs on after a timeout', async () => {
  const { code, stderr } = await run(['exec', '--json', '--no-stdin', '--timeout', '2', ...(await endless()), '--', 'sleep', '9']);
  expect(objectsIn(stderr)).toMatchObject([{ code: 'TIMEOUT', known: 'executed', pid: 7 }]);
  expect(code).toBe(124);
});

test('which process runs on after a signal', async () => {
  const exec = start(['exec', '--json', '--no-stdin', '--trace', ...(await endless()), '--', 'sleep', '9']);
  await exec.printed('stderr', /← response .*guest-exec-status/);
  const { code, stderr } = await exec.stop('SIGINT');
  const error = objectsIn(stderr.trimEnd().split('\n').at(-1) ?? '');
  expect(error).toMatchObject([
    { code: 'CANCELLED', known: 'executed', pid: 7, message: expect.stringContaining('as process 7') as string },
  ]);
  expect(code).toBe(130);
});
