import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What a source file says of one member of an interface or object, in the comment before it. */
export interface Described {
  readonly name: string;
  /** Empty where nothing is said. */
  readonly text: string;
}

/** A source file of this repository. */
export function sourceOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/**
 * The members of the interface, type or object that begins on the line with `opening`, with their comments.
 *
 * It reads lines, not syntax: what it relies on (a member a line, indented by two, a closing line at the margin) is what
 * the formatter makes of such a declaration. Throws where the declaration is not found.
 */
export function membersOf(file: string, opening: string): Described[] {
  const lines = sourceOf(file).split('\n');
  const from = lines.findIndex((line) => line.includes(opening));
  if (from < 0) throw new Error(`${file} has no line with ${JSON.stringify(opening)}`);
  const members: Described[] = [];
  let comment: string[] = [];
  for (const line of lines.slice(from + 1)) {
    if (/^[})]/.test(line)) return members;
    const said = commentText(line);
    if (said !== undefined) comment.push(said);
    else {
      const name = /^ {2}(?:readonly )?(\w+)\??[:(<]/.exec(line)?.[1];
      if (name !== undefined) members.push({ name, text: prose(comment) });
      comment = [];
    }
  }
  throw new Error(`${file}: the declaration at ${JSON.stringify(opening)} has no end`);
}

/** The doc comment that ends on the line before the one with `opening`, as paragraphs (lists stay lists). */
export function docCommentBefore(file: string, opening: string): string[] {
  const lines = sourceOf(file).split('\n');
  const at = lines.findIndex((line) => line.includes(opening));
  let from = at - 1;
  while (from >= 0 && !(lines[from] ?? '').includes('/**')) from--;
  if (at < 0 || from < 0) throw new Error(`${file} has no doc comment before ${JSON.stringify(opening)}`);
  const text = lines
    .slice(from, at)
    .map((line) => commentText(line) ?? '')
    .join('\n');
  return text
    .split(/\n(?=\s*\n)|\n(?=\s*- )/)
    .map((part) => prose(part.split('\n')))
    .filter((part) => part !== '');
}

/** What a line of a comment says; undefined for a line that is none. */
function commentText(line: string): string | undefined {
  const text = line.trim();
  if (text.startsWith('//')) return text.slice(2);
  if (text.startsWith('/**')) return text.slice(3).replace(/\*\/$/, '');
  if (text === '*/' || text.startsWith('* ') || text === '*') return text.replace(/^\*\/?/, '');
  return undefined;
}

function prose(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .replaceAll(/\{@link ([\w.]+)\}/g, '`$1`');
}
