/** Small pieces of Markdown. Layout is the formatter's business (scripts/docs.ts runs it over every page). */

/** A table; an empty cell is shown as a dash. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text === '' ? '–' : text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** Text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A page: its title and its parts, with the note that it is generated. */
export function page(title: string, source: string, parts: readonly string[]): string {
  const note = `<!-- Generated from ${source} by \`npm run docs\`; edits here are lost. -->`;
  return [`# ${title}`, note, ...parts].join('\n\n');
}

/** A number for people: grouped, and in MiB where it is a whole number of them. */
export function amount(value: number): string {
  const mebi = value / 1024 / 1024;
  if (value === Infinity) return 'none';
  return Number.isInteger(mebi) && mebi > 0 ? `${mebi} MiB` : value.toLocaleString('en-US');
}

/** Milliseconds for people. */
export function duration(ms: number): string {
  return ms % 1000 === 0 ? `${amount(ms / 1000)} s` : `${amount(ms)} ms`;
}
