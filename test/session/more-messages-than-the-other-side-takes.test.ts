import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sessionLimits } from '../../transport/limits.ts';
import { SessionPeers } from '../peer/session-peers.ts';
import { settled } from '../support/peers.ts';
import { Talk } from './conversation-support.ts';

const large = 100_000;

/** All that is on its way arrives, and the turns that follow from it: no time passes. */
async function carryAll(both: Talk): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    for (let more = true; more;) more = [both.carry(0), both.carry(1)].includes(true);
    await nextTurn();
  }
}

test('those that can not begin begin as others end, and nobody has to ask', async () => {
  const both = new Talk();
  both.calm(1);
  const texts = Array.from({ length: 3 * sessionLimits.messages }, (_, n) => String.fromCharCode(65 + n).repeat(large));
  for (const text of texts) both.sides[0].send(text);
  await carryAll(both);
  expect(both.sides[1].messages.toSorted()).toEqual(texts);
  expect(both.sides[1].problems).toEqual([]);
});

test('while the stream takes nothing they wait, and do nothing', async () => {
  const both = new Talk();
  both.calm(1);
  const [side] = both.sides;
  side.stick(true);
  let turns = 0;
  const { send } = side.conversation;
  side.conversation.send = (...args) => {
    turns++;
    send.apply(side.conversation, args);
  };
  for (let n = 0; n < 3 * sessionLimits.messages; n++) side.send(Buffer.alloc(large));
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  expect(turns).toBe(3 * sessionLimits.messages);
  side.stick(false);
  await carryAll(both);
  expect(both.sides[1].messages.length).toBe(3 * sessionLimits.messages);
});

test('one that is given up makes room for another', async () => {
  const both = new Talk();
  both.calm(1);
  const [side, other] = both.sides;
  side.stick(true);
  const payloads = Array.from({ length: sessionLimits.messages + 1 }, (_, n) => side.send(String(n).repeat(large)));
  for (const payload of payloads.slice(0, -1)) side.forget(payload);
  side.stick(false);
  await carryAll(both);
  expect(other.messages).toEqual([String(sessionLimits.messages).repeat(large)]);
});

test.each([9, 16, 100])('with %i send slots every large call is answered, whatever its urgency', async (sendSlots) => {
  const peers = await SessionPeers.up({ sendSlots }, { methods: { size: (text: string) => text.length } });
  const answered: unknown[] = [];
  for (let n = 0; n < 30; n++)
    void peers.left.call('size', 'x'.repeat(large), { urgency: (n % 3) as 0 | 1 | 2 }).then((size) => answered.push(size));
  // The clock stands still.
  for (let turn = 0; turn < 4_000 && answered.length < 30; turn++) await settled(1);
  expect(answered).toEqual(Array.from({ length: 30 }, () => large));
});
