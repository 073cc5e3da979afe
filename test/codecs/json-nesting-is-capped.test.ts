import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codecOf, headed, only, v7Request, type CodecName } from './support.ts';
import { runs } from '../property.ts';

const nested = (depth: number, text = '1') => '['.repeat(depth) + text + ']'.repeat(depth);

// A message whose param is `value`; in all three the param lies two levels deep.
const readers: [CodecName, (value: string, maxDepth: number) => unknown][] = [
  [
    'virtagent-v7',
    (value, maxDepth) => only(codecOf('virtagent-v7', { maxDepth }), v7Request('t', `{"method":"m","params":{"v":${value}}}`)),
  ],
  [
    'jsonrpc-lines',
    (value, maxDepth) =>
      only(codecOf('jsonrpc-lines', { maxDepth }), Buffer.from(`{"jsonrpc":"2.0","id":"t","method":"m","params":{"v":${value}}}\n`)),
  ],
  [
    'jsonrpc-headers',
    (value, maxDepth) =>
      only(codecOf('jsonrpc-headers', { maxDepth }), headed(`{"jsonrpc":"2.0","id":"t","method":"m","params":{"v":${value}}}`)),
  ],
];

describe.each(readers)('%s', (_name, read) => {
  const taken = expect.objectContaining({ type: 'request' });
  const refused = expect.objectContaining({
    type: 'rejected',
    error: expect.objectContaining({ code: 'PARSE_ERROR', message: expect.stringContaining('deep') }),
  });

  test('nesting of exactly the limit is taken, and one more is refused', () => {
    expect(read(nested(8), 10)).toEqual(taken);
    expect(read(nested(9), 10)).toEqual(refused);
    expect(read(nested(126), 128)).toEqual(taken);
    expect(read(nested(127), 128)).toEqual(refused);
  });

  test('objects count as arrays do', () => {
    expect(read('{"a":['.repeat(4) + '1' + ']}'.repeat(4), 10)).toEqual(taken);
    expect(read('{"a":['.repeat(5) + '1' + ']}'.repeat(5), 10)).toEqual(refused);
  });

  test('many brackets side by side are not deep', () => {
    expect(read(`[${'[],{},'.repeat(1000)}[]]`, 10)).toEqual(taken);
  });

  test('brackets in strings are not deep, behind quotes and backslashes either', () => {
    for (const text of ['[[[['.repeat(100), '\\"[[[['.repeat(100), '\\\\\\"{{{{'.repeat(100), '[\\\\']) {
      expect(read(`["${text}","[",${nested(5)}]`, 10)).toEqual(taken);
      expect(read(`["${text}","[",${nested(9)}]`, 10)).toEqual(refused);
    }
  });

  test('a closed level can be opened again', () => {
    expect(read(`[${nested(7)},${nested(7)},${nested(7)}]`, 10)).toEqual(taken);
    expect(read(`[${nested(7)},${nested(8)}]`, 10)).toEqual(refused);
  });

  test('a million levels do not reach the parser', () => {
    expect(read('['.repeat(1_000_000), 128)).toEqual(refused);
  });
});

test('what is taken is exactly what is nested no deeper, whatever its strings hold', () => {
  const text = fc.string({ unit: fc.constantFrom('[', '{', ']', '}', '"', '\\', 'x', 'ü'), maxLength: 80, size: 'max' });
  const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      tie('value').map((value) => [[value]]),
    ),
  }));
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(anything, fc.integer({ min: 2, max: 8 }), (value, maxDepth) => {
      const params = JSON.parse(JSON.stringify({ value })) as object;
      const message = { type: 'request', tag: 't', method: 'm', params } as const;
      // The message is one level itself.
      const said = only(codecOf('jsonrpc-lines', { maxDepth }), codecOf('jsonrpc-lines').encode(message));
      expect(said).toMatchObject({ type: 1 + depthOf(params) <= maxDepth ? 'request' : 'rejected' });
    }),
    runs(2000),
  );
});
