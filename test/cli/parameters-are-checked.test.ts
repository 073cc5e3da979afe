import { expect, test } from 'vitest';
import { oneOf, optionalCount, readParams } from '../../cli/params.ts';

const shape = { mode: oneOf(['a', 'b']), count: optionalCount(10) };
const read = (params: unknown): object => readParams('m', params, shape);

test('what fits is read, and nothing else is', () => {
  expect(read({ mode: 'a' })).toEqual({ mode: 'a', count: undefined });
  expect(read({ mode: 'b', count: 10, workDoneToken: 'of the protocol' })).toEqual({ mode: 'b', count: 10 });
  expect(readParams('m', undefined, {})).toEqual({});
  expect(readParams('m', {}, {})).toEqual({});
});

test.each<[unknown, RegExp]>([
  [undefined, /mode: undefined is not allowed; it takes one of a, b/],
  [null, /the parameters: null is not allowed; it takes an object/],
  [['a'], /the parameters: \["a"\] is not allowed/],
  ['a', /the parameters: "a" is not allowed/],
  [{ mode: 'c' }, /mode: "c" is not allowed/],
  [{ mode: 'a', extra: 1 }, /the parameters: "extra" is not allowed; it takes the names mode, count/],
  [{ mode: 'a', count: -1 }, /count: -1 is not allowed; it takes a whole number from 0 to 10/],
  [{ mode: 'a', count: 11 }, /count: 11 is not allowed/],
  [{ mode: 'a', count: '1' }, /count: "1" is not allowed/],
  [JSON.parse('{"mode":"a","__proto__":{"count":1}}'), /"__proto__" is not allowed/],
  [Object.create({ mode: 'a' }), /mode: undefined is not allowed/],
  [{ mode: 'a', 'x\n\u001b': 1 }, /"x\\n\\u001b" is not allowed/],
])('%j is refused as INVALID_PARAMS', (params, message) => {
  expect(() => read(params)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAMS', message: expect.stringMatching(message) as string }),
  );
});

test('a method without parameters takes none', () => {
  expect(() => readParams('m', { x: 1 }, {})).toThrow(/it takes the names \(it takes none\)/);
});
