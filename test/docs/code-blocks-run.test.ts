/**
 * Every TypeScript block of README.md and docs/ is one of three:
 *
 * - `ts`: a whole program. It type-checks under the repository's own settings, runs, exits by itself with 0 and writes
 *   nothing to stderr. A `text output` block right behind it is what it prints.
 * - `ts from FILE`: lines of that file, in their order; `// …` stands for what was left out.
 * - `ts ignore: REASON`: neither.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, pages, root, textOf, type Block } from './pages.ts';

interface Program extends Block {
  readonly name: string;
  readonly output: string | undefined;
}

const all = pages().flatMap((page) => blocksOf(page));
const typescript = all.filter(({ language }) => ['ts', 'typescript', 'js', 'javascript', 'mjs', 'tsx'].includes(language));
const programs = typescript.filter(({ note }) => note === '').map(asProgram);
const excerpts = typescript.filter(({ note }) => note.startsWith('from '));
const run = promisify(execFile);
let folder = '';
let complaints = '';

function asProgram(block: Block): Program {
  const next = all[all.indexOf(block) + 1];
  const output = next?.page === block.page && next.language === 'text' && next.note === 'output' ? next.text : undefined;
  return { ...block, name: `${block.page.replaceAll(/\W/g, '-')}-${block.line}.ts`, output };
}

/** The package's own name leads to the sources, so that nothing has to be built first; `./examples/` is the repository's. */
function withSources(text: string): string {
  const here = (path: string): string => `'${relative(folder, join(root, path))}'`;
  return text
    .replaceAll(/(?<=from |import\()'virtagent(?:\/(machines|transport|inspector))?'/g, (_, part: string | undefined) =>
      here(`${part ?? 'actors'}/index.ts`),
    )
    .replaceAll(/(?<=from )'\.\/(examples\/[\w-]+\.ts)'/g, (_, path: string) => here(path));
}

beforeAll(async () => {
  // Below the repository, where packages are found; several runs may be under way at once.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/docs-'));
  for (const { name, text } of programs) writeFileSync(join(folder, name), `${withSources(text)}\nexport {};\n`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }));
  const checked = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder });
  complaints = await checked.then(
    () => '',
    (error: unknown) => String((error as { stdout?: string }).stdout),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each block says what it is', () => {
  const unclear = typescript.filter(({ language, note }) => language !== 'ts' || !/^$|^from \S+$|^ignore: .{10}/.test(note));
  expect(unclear.map(({ page, line, note }) => `${page}:${line} ${note}`)).toEqual([]);
});

test.each(programs.map((program) => [`${program.page}:${program.line}`, program] as const))('%s runs', async (_, { name, output }) => {
  expect(complaints.split('\n').filter((line) => line.startsWith(name))).toEqual([]);
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', join(folder, name)], { cwd: root, timeout: 250_000 });
  expect(stderr).toBe('');
  if (output !== undefined) expect(stdout.trimEnd()).toBe(output);
});

test.each(excerpts.map((excerpt) => [`${excerpt.page}:${excerpt.line}`, excerpt] as const))('%s is in its file', (_, { note, text }) => {
  const lines = textOf(note.slice('from '.length))
    .split('\n')
    .map((line) => line.trim());
  let at = 0;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '' || line === '// …') continue;
    const found = lines.indexOf(line, at);
    expect(found, `${JSON.stringify(line)} is not in ${note.slice('from '.length)}, or not in this order`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
});
