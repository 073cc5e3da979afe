import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { sectionNames } from '../../torture/sections.ts';
import { root } from '../docs/pages.ts';

function torture(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'torture/torture.ts', ...args], { cwd: root, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

test('npm run torture -- --help names every option and section', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'torture', '--', '--help'], { cwd: root });
  for (const word of ['--json', '--only', '--seed', '--quick', 'npm run soak', ...sectionNames]) expect(stdout).toContain(word);
});

test.each([
  ['--only', 'nonsense'],
  ['--seed', 'x'],
])('%s %s is usage', async (option, value) => {
  const { code, stdout, stderr } = await ended(torture(option, value));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(value);
});

test('a short run says that all holds', async () => {
  const { code, stdout, stderr } = await ended(torture('--only', 'fuzz', '--quick', '--json', '--seed', '3'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ seed: 3, quick: true, holds: true, sections: { fuzz: { broken: [] } } });
});
