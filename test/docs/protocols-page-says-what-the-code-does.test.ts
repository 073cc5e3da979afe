import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { expect, test } from 'vitest';
import { errorTable, type ErrorKind } from '../../transport/errors.ts';
import { protocolByName, protocolNames } from '../../transport/protocols.ts';
import { plain, tableOf, textOf } from './pages.ts';

const kinds = new Map<string, ErrorKind>(Object.entries(errorTable));

test('the table of protocols', () => {
  const rows = tableOf('docs/protocols.md', 'Protocol', 'Notifications', 'Cancel');
  const yes = (does: boolean): string => (does ? 'yes' : 'no');
  expect(rows.map(([name, ...cells]) => [plain(name), ...cells])).toEqual(
    protocolNames.map((name) => {
      const { notifications, cancels, progress, window, greeting } = protocolByName(name);
      return [name, yes(notifications), yes(cancels), yes(progress), window === Infinity ? 'none' : String(window), greeting];
    }),
  );
});

test('the numbers of v7: all of them, with the names that the system gives them', () => {
  const rows = tableOf('docs/protocols.md', 'Code', 'errnum', 'errno');
  const numbered = [...kinds].filter(([, { errnum }]) => errnum !== undefined);
  expect(rows.map(([code, errnum]) => [plain(code), Number(errnum)])).toEqual(numbered.map(([code, { errnum }]) => [code, errnum]));
  // Node knows some by their numbers only in one of its two lists.
  const numbers: Readonly<Record<string, number>> = constants.errno;
  for (const [, errnum, name = ''] of rows) {
    if (name in numbers) expect([name, -Number(errnum)]).toEqual([name, numbers[name]]);
    else expect(getSystemErrorName(Number(errnum))).toBe(name);
  }
});

test('each protocol has a section', () => {
  for (const name of protocolNames) expect(textOf('docs/protocols.md')).toContain(`\n## ${name}\n`);
});
