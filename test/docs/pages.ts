import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository. */
export const root = join(import.meta.dirname, '../..');

/** README.md, once there is one, and every page of docs/, by their paths from the root. */
export function pages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const paths = docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name.replaceAll('\\', '/')}`);
  return [...['README.md', 'CHANGELOG.md'].filter((name) => existsSync(join(root, name))), ...paths].toSorted();
}

/** The text of a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** The line of its opening fence. */
  readonly line: number;
  readonly language: string;
  /** What follows the language on the opening fence. */
  readonly note: string;
  readonly text: string;
}

/** All fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; note: string; body: string[] } | undefined;
  for (const [at, line] of textOf(page).split('\n').entries()) {
    const fence = /^ *```(\S*) ?(.*)$/.exec(line);
    if (fence === null) open?.body.push(line);
    else if (open === undefined) open = { line: at + 1, language: fence[1] ?? '', note: (fence[2] ?? '').trim(), body: [] };
    else {
      blocks.push({ page, line: open.line, language: open.language, note: open.note, text: open.body.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: a block without an end`);
  return blocks;
}

/** The rows of the first table of a page that has those columns first: cells as text, without the heading. */
export function tableOf(page: string, ...columns: readonly string[]): string[][] {
  const lines = textOf(page).split('\n');
  const cells = (line: string): string[] =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
  const at = lines.findIndex((line) => columns.every((column, i) => cells(line)[i] === column));
  if (at < 0) throw new Error(`${page} has no table with the columns ${columns.join(', ')}`);
  const rows: string[][] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(cells(line));
  }
  return rows;
}

/** A cell without the marks of code. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}
