import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { against, answers, ask } from './support.ts';

/* oxlint-disable unicorn/no-thenable -- the subject of this file */

type Yes = (value: unknown) => void;
const methods = {
  object: () => ({ then: (yes: Yes) => yes('value') }),
  callable: () => Object.assign(() => {}, { then: (yes: Yes) => yes('value') }),
  twice: () => ({
    then: (yes: Yes, no: Yes) => {
      yes('value');
      yes('another');
      no(new Error('and this'));
    },
  }),
  throwing: () => ({
    then: () => {
      throw new Error('in then');
    },
  }),
  getter: () =>
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('in the getter');
      },
    }),
  // A promise that was made by hand: `await` does not ask its own `then`.
  'own then': () => Object.assign(Promise.resolve('value'), { then: () => {} }),
  nested: () => ({ then: (yes: Yes) => yes({ then: (inner: Yes) => inner('value') }) }),
};

test.each(Object.keys(methods))('a thenable that is odd settles its job once: %s', async (name) => {
  const { peer, say, heard } = against({ methods, executeSlots: 1 });
  say(ask(1, name), ask(2, name));
  await settled();
  const expected =
    name === 'throwing' || name === 'getter' ? { ok: false, error: { code: 'HANDLER_FAILED' } } : { ok: true, value: 'value' };
  expect(answers(heard)).toMatchObject([
    { tag: 1, answer: expected },
    { tag: 2, answer: expected },
  ]);
  expect(peer.counters.violations).toBe(0);
  expect(peer.slots.execute.taken).toBe(0);
});

test('one that never settles holds a slot, and close ends it', async () => {
  const { peer, say, heard } = against({ methods: { never: () => ({ then: () => {} }) } });
  say(ask(1, 'never'));
  await settled();
  expect(peer.slots.execute.taken).toBe(1);
  peer.close();
  expect(answers(heard)).toEqual([]);
});
