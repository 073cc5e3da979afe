import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../property.ts';
import { hiding, messageLimits, shownValue } from '../../inspector/values.ts';

const show = (value: unknown, more: string[] = []): unknown => shownValue(value, hiding(more));

test.each([
  'password',
  'Password',
  'user_password',
  'apiKey',
  'private-key',
  'AUTHORIZATION',
  'x-auth-token',
  'clientSecret',
  'cookies',
  'accessToken',
  'API_KEY',
  'pwd',
  'jwt',
])('what is called %s is hidden, however deep', (name) => {
  expect(show({ a: [{ [name]: 'hunter2', user: 'u' }] })).toEqual({ a: [{ [name]: '(hidden)', user: 'u' }] });
});

test('own words are added, in any case and with any signs between', () => {
  expect(show({ Pin_Code: 1, pin: 2 }, ['pin code'])).toEqual({ Pin_Code: '(hidden)', pin: 2 });
  expect(show({ password: 1 }, ['pin'])).toEqual({ password: '(hidden)' });
});

test('a text that is JSON itself is looked into, and stays as it came where nothing in it is hidden', () => {
  const text = '{ "user": "u", "inner": "[{\\"password\\": \\"hunter2\\"}]" }';
  expect(show({ text, error: new Error(text) })).toEqual({
    text: '{"user":"u","inner":"[{\\"password\\":\\"(hidden)\\"}]"}',
    error: { name: 'Error', message: '{"user":"u","inner":"[{\\"password\\":\\"(hidden)\\"}]"}' },
  });
  const harmless = '{ "user":   "u" }';
  expect(show(harmless)).toBe(harmless);
  expect(show('{ "password": cut off')).toBe('{ "password": cut off');
});

test('many texts together are cut as well', () => {
  const shown = JSON.stringify(show(Array.from({ length: 6 }, () => Array.from({ length: 49 }, () => 'x'.repeat(490)))));
  expect(shown.length).toBeLessThan(2 * messageLimits.characters);
});

test('bytes are shown by their length', () => {
  expect(show({ data: new Uint8Array(12), buffer: Buffer.alloc(3), raw: new ArrayBuffer(4) })).toEqual({
    data: '(12 bytes)',
    buffer: '(3 bytes)',
    raw: '(4 bytes)',
  });
});

test('what is large is cut, and says so', () => {
  expect(show('x'.repeat(1000))).toBe(`${'x'.repeat(500)}… (1000 characters)`);
  expect((show(Array.from({ length: 100 }, () => 1)) as unknown[]).at(-1)).toBe('(50 more)');
  expect(Object.keys(show(Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, n]))) as object).at(-1)).toBe('…');
  let deep: unknown = 1;
  for (let n = 0; n < 1000; n++) deep = { deep };
  expect(JSON.stringify(show(deep))).toBe('{"deep":{"deep":{"deep":{"deep":{"deep":{"deep":"(an object)"}}}}}}');
});

test('what can not be read, or written as JSON, is named', () => {
  const hostile = {
    get fails() {
      throw new Error('no');
    },
  };
  expect(show([hostile, 1n, Symbol('s'), () => {}, undefined, NaN, new Error('e')])).toEqual([
    '(not readable)',
    '1',
    '(a symbol)',
    '(a function)',
    null,
    'NaN',
    { name: 'Error', message: 'e' },
  ]);
});

test('whatever it is, what is shown is JSON of a bounded size that shares nothing with it', () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 8, withBigInt: true, withDate: true, withMap: true, withTypedArray: true }), (value) => {
      const shown = show(value);
      const json = JSON.stringify(shown);
      // JSON has no -0.
      expect(JSON.stringify(JSON.parse(json))).toBe(json);
      expect(json.length).toBeLessThan(messageLimits.values * 700);
    }),
    runs(100),
  );
});

test('a circle ends', () => {
  const circle: Record<string, unknown> = {};
  circle['again'] = circle;
  expect(JSON.stringify(show(circle)).length).toBeLessThan(200);
});
