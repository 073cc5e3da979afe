import { expect, test } from 'vitest';
import { converse, type Kind } from '../../torture/cuts/conversation.ts';

// A small part of `npm run torture -- --only cuts`, which cuts at every byte.
const EVERY = 67;
const kinds: readonly Kind[] = [
  { name: 'virtagent-2, plain', protocol: 'virtagent-2', reliable: false, seen: 'by both', resumes: true },
  { name: 'virtagent-2, reliable', protocol: 'virtagent-2', reliable: true, seen: 'by both', resumes: true },
  { name: 'virtagent-2, plain, cut unseen', protocol: 'virtagent-2', reliable: false, seen: 'by one', resumes: true },
  { name: 'virtagent-2, reliable, cut unseen', protocol: 'virtagent-2', reliable: true, seen: 'by one', resumes: true },
  { name: 'virtagent-v7', protocol: 'virtagent-v7', seen: 'by both', resumes: false },
  { name: 'jsonrpc-lines', protocol: 'jsonrpc-lines', seen: 'by both', resumes: false },
  { name: 'jsonrpc-headers', protocol: 'jsonrpc-headers', seen: 'by both', resumes: false },
];

test.each(kinds)('each call has its one outcome, and where sessions resume it is an answer ($name)', async (kind) => {
  const { carried, broken } = await converse(kind, [], 1);
  expect(broken).toEqual([]);
  for (const direction of ['right', 'left'] as const)
    for (let at = 0; at < carried[direction]; at += EVERY) expect((await converse(kind, [{ direction, at }], 1)).broken).toEqual([]);
});

test.each(kinds.filter(({ resumes }) => resumes))('also where the next line is cut as well ($name)', async (kind) => {
  for (let at = 0; at < 2_000; at += 191)
    expect(
      (
        await converse(
          kind,
          [
            { direction: 'right', at },
            { direction: 'left', at: (at * 7) % 500 },
          ],
          1,
        )
      ).broken,
    ).toEqual([]);
});
