import { expect, test } from 'vitest';
import { errorTable, type ErrorKind } from '../../transport/errors.ts';
import { plain, tableOf } from './pages.ts';

const kinds = new Map<string, ErrorKind>(Object.entries(errorTable));
const number = (cell: string | undefined): number | undefined => (cell === '–' ? undefined : Number(cell));

test('every code is on the page, and every code of the page is one', () => {
  const rows = tableOf('docs/errors.md', 'Code', 'Blame', 'Retry');
  expect(rows.map(([code]) => plain(code))).toEqual([...kinds.keys()]);
  for (const [code, blame, retry, jsonrpc, errnum, meaning, remedy] of rows) {
    const { blame: who, retryable, ...kind } = kinds.get(plain(code)) as ErrorKind;
    expect({ blame, retry, jsonrpc: number(jsonrpc), errnum: number(errnum), meaning, remedy }).toEqual({
      blame: who,
      retry: retryable ? 'yes' : 'no',
      jsonrpc: kind.jsonrpc,
      errnum: kind.errnum,
      meaning: kind.meaning,
      remedy: kind.remedy,
    });
  }
});

test('no two codes share a number on the line', () => {
  for (const name of ['jsonrpc', 'errnum'] as const) {
    const numbers = [...kinds.values()].map((kind) => kind[name]).filter((one) => one !== undefined);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});
