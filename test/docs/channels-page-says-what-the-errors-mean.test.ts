import { expect, test } from 'vitest';
import { errorTable } from '../../transport/errors.ts';
import { channelNames } from '../../transport/index.ts';
import { plain, tableOf, textOf } from './pages.ts';

test('every channel code is in the table, with each of the system codes that lead to it', () => {
  const rows = new Map(tableOf('docs/channels.md', 'Code', 'When').map(([code, , system]) => [plain(code), system ?? '']));
  expect([...rows.keys()]).toEqual(Object.keys(errorTable).filter((code) => code.startsWith('CHANNEL_')));
  const meanings = [...textOf('transport/channels/explain.ts').matchAll(/^ {2}(E\w+): \['(CHANNEL_\w+)'/gm)];
  expect(meanings.length).toBeGreaterThan(10);
  for (const [, system = '', code = ''] of meanings) expect(rows.get(code), system).toMatch(new RegExp(String.raw`\b${system}\b`));
});

test('every channel that can be named is in the table of channels', () => {
  const named = tableOf('docs/channels.md', 'Channel', 'Opens again').map(([name]) => plain(name));
  expect(named).toEqual([...channelNames, 'child', 'stream']);
});
