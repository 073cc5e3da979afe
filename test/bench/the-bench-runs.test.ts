import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { contenderNames } from '../../bench/contenders/index.ts';
import { sectionNames } from '../../bench/sections.ts';
import { root } from '../docs/pages.ts';

/** The bench, as `npm run bench` runs it, on dist/ as it is. */
function bench(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/bench.ts', '--no-build', ...args], { cwd: root, stdio: 'pipe' });
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

/** Folders and processes of a run of the bench. */
function traces({ pid }: ChildProcess): string[] {
  const folders = [tmpdir(), ...(existsSync(join(root, '.cache')) ? [join(root, '.cache')] : [])];
  const left = folders.flatMap((folder) => readdirSync(folder).filter((name) => name.includes(`bench-${pid}-`)));
  const processes = spawnSync('pgrep', ['-f', `\\.cache/bench-${pid}-`]).stdout.toString();
  return [...left, ...processes.split('\n').filter((line) => line !== '')];
}

test('npm run bench -- --help names every option, section and contender', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'bench', '--', '--help'], { cwd: root });
  const words = ['--json', '--only', '--contenders', '--rounds', '--window', '--quick', '--no-build', ...sectionNames, ...contenderNames];
  for (const word of words) expect(stdout).toContain(word);
});

test.each([
  ['--only', 'nonsense'],
  ['--rounds', '0'],
])('%s %s is usage', async (option, value) => {
  const { code, stdout, stderr } = await ended(bench(option, value));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(value);
});

test('a short run measures, and leaves nothing behind', async () => {
  const child = bench('--only', 'echo,start', '--contenders', 'floor', '--rounds', '1', '--window', '50', '--json');
  const { code, stdout, stderr } = await ended(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { sections } = JSON.parse(stdout) as { sections: Record<string, { tables: { title: string; rows: unknown[][] }[] }> };
  const rowsOf = (section: string, title: string): unknown[][] | undefined =>
    sections[section]?.tables.find((table) => table.title.startsWith(title))?.rows;
  expect(rowsOf('echo', 'echo, 64 in flight')).toEqual([
    ['floor', expect.any(Number), expect.any(Number), expect.any(Number), null, null, 1],
  ]);
  expect(rowsOf('start', 'from import')).toEqual([['floor', expect.any(Number), null]]);
  expect(traces(child)).toEqual([]);
});

test('an interrupted run takes its processes and folders with it', async () => {
  const child = bench('--only', 'echo', '--contenders', 'floor', '--window', '60000', '--json');
  const end = ended(child);
  // Until its server and its client run.
  while (traces(child).length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  expect((await end).code).toBe(130);
  await expect.poll(() => traces(child), { timeout: 30_000 }).toEqual([]);
});
