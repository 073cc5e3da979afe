import { expect, test } from 'vitest';
import type { StreamOptions } from '../../actors/index.ts';
import { pairOfPeers } from '../support/peers.ts';

const protocol = 'virtagent-2' as const;
const methods = {
  async *count({ upTo }: { upTo: number }) {
    for (let n = 0; n < upTo; n++) yield n;
  },
};

test.each<[string, StreamOptions['room']]>([
  ['none', undefined],
  ['an empty one', {}],
  ['items alone', { items: 10 }],
  ['bytes alone', { bytes: 500 }],
  ['members that are left out', { items: undefined, bytes: undefined }],
  ['the least', { items: 1, bytes: 1 }],
  ['any number of items', { items: Infinity, bytes: 500 }],
  ['any number of both', { items: Infinity, bytes: Infinity }],
])('all items come with a room of %s', async (_, room) => {
  const { host, guest } = await pairOfPeers({ protocol }, { methods });
  const items: unknown[] = [];
  for await (const item of host.stream('count', { upTo: 300 }, { room })) items.push(item);
  expect(items).toEqual(Array.from({ length: 300 }, (__, n) => n));
  expect(guest.counters.damaged).toBe(0);
});

test.each<[string, unknown, RegExp]>([
  ['null', null, /^options is null; it takes an object/],
  ['a number', 5, /^options is 5; it takes an object/],
  ['a string', 'x', /^options is "x"; it takes an object/],
  ['a room that is none', { room: 5 }, /^room is 5; it takes an object with items, bytes or both/],
  ['a room of null', { room: null }, /^room is null; it takes an object/],
  ['items below zero', { room: { items: -1 } }, /^room\.items is -1; it takes a whole number from 1, or Infinity/],
  ['no items', { room: { items: 0 } }, /^room\.items is 0/],
  ['half an item', { room: { items: 1.5 } }, /^room\.items is 1\.5/],
  ['items as text', { room: { items: '5' } }, /^room\.items is "5"/],
  ['bytes that are no number', { room: { bytes: Number.NaN } }, /^room\.bytes is NaN; it takes a whole number from 1, or Infinity/],
  ['what a call does not take either', { timeoutMs: -1 }, /^timeoutMs is -1; it takes milliseconds from 0, or Infinity/],
])('%s is refused at once', async (_, options, message) => {
  const { host } = await pairOfPeers({ protocol }, { methods });
  expect(() => host.stream('count', { upTo: 1 }, options as StreamOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }) as Error,
  );
});
