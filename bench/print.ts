/** Tables and the progress bar, for people. */
import Grid from 'cli-table3';
import progress from 'cli-progress';
import colours from 'picocolors';
import type { Table } from './section.ts';

const verdicts: Readonly<Record<string, (text: string) => string>> = {
  'aim met': colours.green,
  met: colours.cyan,
  missed: colours.yellow,
  'not measured': colours.dim,
};

/** A table as text. */
export function textOf({ title, columns, rows, notes = [] }: Table): string {
  const isNumber = columns.map(({ show }) => show !== undefined);
  const grid = new Grid({
    head: columns.map(({ name }) => name),
    colAligns: isNumber.map((is) => (is ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    grid.push(
      row.map((cell, i) => {
        if (typeof cell === 'number') return columns[i]?.show?.(cell) ?? String(cell);
        return verdicts[cell]?.(cell) ?? cell;
      }),
    );
  }
  return [colours.bold(title), grid.toString(), ...notes.map((note) => `  ${note}`), ''].join('\n');
}

/** A bar on stderr, on a terminal; elsewhere nothing. */
export function progressBar(total: number): { step(): void; show(section: string): void; end(): void } {
  if (!process.stderr.isTTY) return { step() {}, show() {}, end() {} };
  const bar = new progress.SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage}% {section}, {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0, { section: 'starting' });
  return { step: () => bar.increment(), show: (section) => bar.update({ section }), end: () => bar.stop() };
}
