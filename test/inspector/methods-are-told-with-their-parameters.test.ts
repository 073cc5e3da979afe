import { type } from 'arktype';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { method, type Schema } from '../../actors/index.ts';
import { guestMethods } from '../../cli/methods-guest.ts';
import { createInspector } from '../../inspector/inspector.ts';
import type { HeadRecord } from '../../inspector/records.ts';
import { pairOfPeers, settled } from '../support/peers.ts';
import { Onlooker } from './viewers.ts';

const withoutWords: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};
const failing = {
  '~standard': {
    ...withoutWords['~standard'],
    jsonSchema: {
      input: () => {
        throw new Error('a function is no JSON');
      },
    },
  },
} as Schema;
const handle = (): void => {};

test('a side tells the methods that it serves, with the parameters that their schemas say', async () => {
  const huge = { type: 'object', description: 'x'.repeat(30_000) };
  const { guest } = await pairOfPeers(
    {},
    {
      methods: {
        plain: handle,
        zod: method({ params: z.object({ n: z.number() }), handle }),
        arktype: method({ params: type({ n: 'number' }), handle }),
        own: { handle, jsonSchema: { type: 'object', properties: { path: { type: 'string' } } } },
        wordless: { handle, params: withoutWords },
        failing: { handle, params: failing },
        huge: { handle, jsonSchema: huge },
      },
    },
  );
  const inspector = createInspector({ peer: guest });
  const onlooker = new Onlooker();
  inspector.watch(onlooker);
  await settled(5);
  const head = onlooker.records.find(({ type: of }) => of === 'head') as HeadRecord;
  inspector.stop();
  const served = Object.fromEntries((head.serves ?? []).map(({ name, params }) => [name, params]));
  const takesNumber = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
  expect(served).toMatchObject({ zod: takesNumber, arktype: takesNumber, own: { properties: { path: { type: 'string' } } } });
  for (const name of ['plain', 'wordless', 'failing', 'huge']) expect(served).toHaveProperty(name, undefined);
});

test("the command's own methods say what they take", () => {
  const nothing = {} as never;
  const methods = guestMethods({ read: nothing, write: nothing, shutdown: undefined }, nothing);
  expect(methods['shutdown']).toMatchObject({
    jsonSchema: { properties: { shutdown_mode: { enum: ['halt', 'powerdown', 'reboot'] } }, required: ['shutdown_mode'] },
  });
  expect(methods['getfile']).toMatchObject({
    jsonSchema: { properties: { path: { type: 'string' }, offset: { type: 'integer' } }, required: ['path'] },
  });
});
