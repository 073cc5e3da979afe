import { expect, test } from 'vitest';
import type { Schema } from '../../actors/index.ts';
import { pairOfPeers, rejection, settled } from '../support/peers.ts';
import { against, answer, asked } from './support.ts';

const schemaOf = (validate: (value: unknown) => unknown): Schema => ({ '~standard': { version: 1, vendor: 'test', validate } }) as Schema;

/* oxlint-disable unicorn/no-thenable -- the subject of this file */
const bad: Record<string, Schema> = {
  throws: schemaOf(() => {
    throw new Error('validator bug');
  }),
  'throws undefined': schemaOf(() => {
    throw undefined; // oxlint-disable-line no-throw-literal, typescript/only-throw-error -- as bad as can be
  }),
  rejects: schemaOf(() => Promise.reject(new Error('validator bug'))),
  'returns nothing': schemaOf(() => undefined),
  'returns null': schemaOf(() => null),
  'resolves to nothing': schemaOf(() => Promise.resolve()),
  'returns a thenable that says no': schemaOf(() => ({ then: (yes: (value: unknown) => void) => yes({ issues: [{ message: 'no' }] }) })),
  'has issues that are none': schemaOf(() => ({ issues: [null] })),
  'has issues that are no list': schemaOf(() => ({ issues: 5 })),
  'has an empty list of issues': schemaOf(() => ({ issues: [] })),
};

test.each(Object.entries(bad))('a schema of parameters that %s: the handler does not run, its caller is answered', async (_, params) => {
  let ran = 0;
  const { host, guest } = await pairOfPeers({}, { executeSlots: 1, methods: { guarded: { params, handle: () => ran++ } } });
  for (let i = 0; i < 2; i++) expect(['HANDLER_FAILED', 'INVALID_PARAMS']).toContain((await rejection(host.call('guarded', {})))['code']);
  expect(ran).toBe(0);
  expect(guest.slots.execute.taken).toBe(0);
});

test.each(Object.entries(bad))('a schema of a result that %s: the call fails as executed', async (_, result) => {
  const { peer, say, heard } = against({ results: { any: result } });
  const call = rejection(peer.call('any', {}));
  await settled();
  say(answer(asked(heard)[0]?.tag, 1));
  expect(await call).toMatchObject({ code: 'INVALID_RESPONSE', known: 'executed', method: 'any' });
});

test('a thenable of a schema is waited for', async () => {
  const double = schemaOf((value) => ({ then: (yes: (result: unknown) => void) => yes({ value: [value, value] }) }));
  const { host } = await pairOfPeers({}, { methods: { twice: { params: double, handle: (params: unknown) => params } } });
  expect(await host.call('twice', { n: 1 })).toEqual([{ n: 1 }, { n: 1 }]);
});

test('a value of a schema that is a thenable is waited for', async () => {
  const later = schemaOf((value) => ({ value: { then: (yes: (result: unknown) => void) => void yes(value) } }));
  const { host } = await pairOfPeers({}, { methods: { later: { params: later, handle: (params: unknown) => params } } });
  expect(await host.call('later', { n: 1 })).toEqual({ n: 1 });
});
