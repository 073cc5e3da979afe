import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { method, type Schema } from '../../actors/index.ts';
import { pairOfPeers, rejection } from '../support/peers.ts';

const makers: [string, Schema, Schema][] = [
  ['zod', z.object({ n: z.number() }), z.object({ double: z.number() })],
  ['valibot', v.object({ n: v.number() }), v.object({ double: v.number() })],
  ['arktype', type({ n: 'number' }) as unknown as Schema, type({ double: 'number' }) as unknown as Schema],
];

test.each(makers)('%s checks parameters before the handler, and results before they are sent', async (_, params, result) => {
  let ran = 0;
  const { host } = await pairOfPeers(
    {},
    {
      methods: {
        double: method({ params, result, handle: (p) => (ran++, { double: (p as { n: number }).n * 2 }) }),
        wrong: method({ params, result, handle: () => ({ double: 'two' }) }),
      },
    },
  );
  expect(await host.call('double', { n: 4 })).toEqual({ double: 8 });
  const bad = await rejection(host.call('double', { n: 'four' }));
  expect(bad).toMatchObject({ code: 'INVALID_PARAMS', known: 'refused', data: { issues: [{ path: 'n' }] } });
  expect(ran).toBe(1);
  expect(await rejection(host.call('wrong', { n: 1 }))).toMatchObject({ code: 'HANDLER_FAILED' });
});

test.each(makers)('%s checks a result that comes in', async (_, _params, result) => {
  const { host } = await pairOfPeers(
    { results: { right: result, wrong: result } },
    { methods: { right: () => ({ double: 2 }), wrong: () => ({ double: null }) } },
  );
  expect(await host.call('right')).toEqual({ double: 2 });
  expect(await rejection(host.call('wrong'))).toMatchObject({ code: 'INVALID_RESPONSE', known: 'executed', blame: 'peer' });
});

test('an asynchronous schema is waited for, and transforms are applied', async () => {
  const text = z.string().transform(async (value) => value.toUpperCase());
  const { host } = await pairOfPeers(
    { results: { shout: text } },
    { methods: { shout: method({ params: z.object({ word: text }), handle: ({ word }) => word }) } },
  );
  expect(await host.call('shout', { word: 'abc' })).toBe('ABC');
});
