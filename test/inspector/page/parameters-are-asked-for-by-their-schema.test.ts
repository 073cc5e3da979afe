import { expect, test } from 'vitest';
import { fieldsOf, paramsOf } from '../../../inspector/page/acting/fields.ts';

const schema = {
  type: 'object',
  properties: {
    path: { type: 'string', description: 'where it is' },
    offset: { type: 'integer' },
    part: { type: 'number' },
    follow: { type: 'boolean' },
    mode: { enum: ['text', 'bytes'] },
    more: { type: 'object' },
  },
  required: ['path'],
};

test('there is a field for each property, of its type', () => {
  expect(fieldsOf(schema)?.map(({ name, type, isRequired }) => [name, type, isRequired])).toEqual([
    ['path', 'string', true],
    ['offset', 'integer', false],
    ['part', 'number', false],
    ['follow', 'boolean', false],
    ['mode', 'string', false],
    ['more', 'json', false],
  ]);
});

test('what is typed becomes parameters of those types, and what is left empty is left out', () => {
  const typed = { path: '/etc', offset: '12', part: '0.5', follow: 'true', mode: '', more: '{"a":[1]}' };
  expect(paramsOf(schema, typed)).toEqual({ ok: true, params: { path: '/etc', offset: 12, part: 0.5, follow: true, more: { a: [1] } } });
  expect(paramsOf(schema, { path: '' })).toEqual({ ok: true, params: { path: '' } });
});

test('what can not be sent is said, with the field and the value', () => {
  expect(paramsOf(schema, { path: 'x', offset: '1.5' })).toEqual({ ok: false, problem: 'offset is 1.5, which is no whole number' });
  expect(paramsOf(schema, { path: 'x', part: 'many' })).toEqual({ ok: false, problem: 'part is many, which is no number' });
  expect(paramsOf(schema, { path: 'x', more: '{' })).toMatchObject({
    ok: false,
    problem: expect.stringContaining('more: this is no JSON'),
  });
  const count = { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] };
  expect(paramsOf(count, {})).toEqual({ ok: false, problem: 'count is required' });
});

test('without a schema of an object, parameters are typed as JSON', () => {
  for (const none of [undefined, { type: 'array' }, {}, { type: 'object' }, { type: 'object', properties: 7 }]) {
    expect(fieldsOf(none)).toBeUndefined();
    expect(paramsOf(none, { '': '[1, 2]' })).toEqual({ ok: true, params: [1, 2] });
    expect(paramsOf(none, {})).toEqual({ ok: true, params: undefined });
  }
  expect(fieldsOf({ type: 'object', additionalProperties: false })).toEqual([]);
});

test('names of every object are only names, and a schema without end has an end here', () => {
  const odd = { type: 'object', properties: JSON.parse('{"__proto__":{"type":"string"},"constructor":null}') as object };
  const params = paramsOf(odd, JSON.parse('{"__proto__":"x","constructor":"1"}') as Record<string, string>);
  expect(JSON.stringify(params)).toBe('{"ok":true,"params":{"__proto__":"x","constructor":1}}');
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`p${n}`, {}]));
  expect(fieldsOf({ type: 'object', properties: many })).toHaveLength(100);
});
