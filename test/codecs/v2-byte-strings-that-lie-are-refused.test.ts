import { describe, expect, test } from 'vitest';
import { decodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import { gist, readText, withStrings } from './v2-messages.ts';

const four = Buffer.from([1, 2, 3, 4]);
const request = (list: string, params = '{"a":null,"b":[null,5],"c":null}'): string =>
  `{"id":"t","method":"m","params":${params},"bytes":${list}}`;

describe('a list that does not fit refuses the request', () => {
  test.each([
    ['is no list', '5'],
    ['is an object', '{"0":["/params/a",4],"length":1}'],
    ['is empty, with bytes behind the JSON', '[]'],
    ['has an entry that is no pair', '["/params/a",4]'],
    ['has an entry of one', '[["/params/a"]]'],
    ['has an entry of three', '[["/params/a",4,4]]'],
    ['has a pointer that is no text', '[[5,4]]'],
    ['has a length below zero', '[["/params/a",-1],["/params/c",5]]'],
    ['has a length that is no whole number', '[["/params/a",1.5],["/params/c",2.5]]'],
    ['has a length that is text', '[["/params/a","4"]]'],
    ['has a length beyond what is there', '[["/params/a",5]]'],
    ['has a length beyond all numbers', '[["/params/a",1e300]]'],
    ['has lengths that come to less', '[["/params/a",1],["/params/c",2]]'],
    ['has lengths that come to more', '[["/params/a",3],["/params/c",2]]'],
    ['points to the whole message', '[["",4]]'],
    ['points without a slash', '[["params/a",4]]'],
    ['points to nothing', '[["/params/x",4]]'],
    ['points to a number', '[["/params/b/1",4]]'],
    ['points to an object', '[["/params",4]]'],
    ['points to the length of an array', '[["/params/b/length",4]]'],
    ['points behind an array', '[["/params/b/-",4]]'],
    ['points into an array with a zero too many', '[["/params/b/00",4]]'],
    ['points to what every object has', '[["/params/__proto__",4]]'],
    ['points to what every object inherits', '[["/__proto__/x",4]]'],
    ['points to where no object inherits any more', '[["/params/__proto__/__proto__",4]]'],
    ['points through a function', '[["/params/b/map/name",4]]'],
    ['points through text', '[["/method/0",4]]'],
    ['has a tilde of nothing', '[["/params/~2",4]]'],
    ['ends in a slash', '[["/params/a/",4]]'],
    ['has a place twice', '[["/params/a",2],["/params/a",2]]'],
    ['points into what it put there', '[["/params/a",2],["/params/a/0",2]]'],
    ['points into itself', '[["/bytes/1",2],null]'],
  ])('one that %s', (_what, list) => {
    expect(gist(readText(request(list), four))).toBe('rejected INVALID_REQUEST t');
  });

  test('one with more than 1024 entries', () => {
    const nulls = `[${Array.from({ length: 1025 }, () => 'null').join(',')}]`;
    const list = (count: number): string => `[${Array.from({ length: count }, (_, i) => `["/params/${i}",0]`).join(',')}]`;
    expect(gist(readText(request(list(1024), nulls), Buffer.alloc(0)))).toBe('request');
    expect(gist(readText(request(list(1025), nulls), Buffer.alloc(0)))).toBe('rejected INVALID_REQUEST t');
  });

  test('none', () => {
    expect(gist(readText('{"id":"t","method":"m"}', four))).toBe('rejected INVALID_REQUEST t');
    expect(gist(readText('{"id":"t","method":"m"}', Buffer.alloc(0)))).toBe('rejected INVALID_REQUEST t');
  });
});

test('what the tests above change is taken', () => {
  expect(readText(request('[["/params/a",4]]'), four)).toMatchObject({ params: { a: four, b: [null, 5], c: null } });
  expect(readText(request('[["/params/c",1],["/params/b/0",3]]'), four)).toMatchObject({
    params: { a: null, b: [Buffer.from([2, 3, 4]), 5], c: Buffer.from([1]) },
  });
  expect(readText(request('[]'), Buffer.alloc(0))).toMatchObject({ type: 'request' });
});

test('a byte string where the protocol wants something else is not taken for it', () => {
  expect(gist(readText('{"id":null,"method":"m","bytes":[["/id",4]]}', four))).toBe('not-a-message');
  expect(gist(readText('{"id":"t","method":null,"bytes":[["/method",4]]}', four))).toBe('rejected INVALID_REQUEST t');
  expect(gist(readText('{"id":"t","method":"m","wants":null,"bytes":[["/wants",4]]}', four))).toBe('rejected INVALID_REQUEST t');
  expect(gist(readText('{"id":"t","error":null,"bytes":[["/error",4]]}', four))).toBe('response INVALID_RESPONSE t');
  expect(gist(readText('{"id":"t","error":{"code":1,"message":null},"bytes":[["/error/message",4]]}', four))).toBe(
    'response INVALID_RESPONSE t',
  );
  expect(gist(readText('{"method":"$/cancel","params":{"id":null},"bytes":[["/params/id",4]]}', four))).toBe('not-a-message');
  expect(gist(readText('{"method":"$/limits","params":null,"bytes":[["/params",4]]}', four))).toBe('limits');
});

test('a response with such a list fails its call, and a notification is dropped', () => {
  expect(gist(readText('{"id":"t","result":null,"bytes":[["/result",5]]}', four))).toBe('response INVALID_RESPONSE t');
  expect(gist(readText('{"method":"m","params":null,"bytes":[["/params",5]]}', four))).toBe('not-a-message');
  expect(gist(readText('{"id":5,"method":"m","bytes":[]}', four))).toBe('not-a-message');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['less than the four digits', Buffer.from([0, 0, 0])],
  ['a length that is not in digits', Buffer.from([0, 0, 0x80, 2, 0x7b, 0x7d])],
  ['a length beyond what is there', Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('{}')])],
  ['a JSON of no length', Buffer.from([0, 0, 0, 0, 0x7b, 0x7d])],
  ['a length that cuts the JSON', Buffer.concat([Buffer.from([0, 0, 0, 5]), Buffer.from('{"method":"m"}')])],
])('a payload that has %s is damage', (_what, payload) => {
  expect(gist(decodeMessage(payload, true, v2Limits))).toBe('not-a-message');
});

test('without the flag, a list is a member like any other', () => {
  expect(gist(readText(request('[["/params/a",4]]')))).toBe('request');
});

test('a pointer of a million steps costs no more than the levels that are there', () => {
  const deep = `${'{"":'.repeat(100)}null${'}'.repeat(100)}`;
  const text = `{"id":"t","method":"m","":${deep},"bytes":[["${'/'.repeat(1_000_000)}",4]]}`;
  expect(gist(readText(text, four))).toBe('rejected INVALID_REQUEST t');
});

test('a few bytes of a large message do not keep all of it, and a large string is not there twice', () => {
  const text = '{"method":"m","params":[null,null],"bytes":[["/params/0",100],["/params/1",100000]]}';
  const payload = withStrings(text, Buffer.alloc(100_100, 7));
  const read = decodeMessage(payload, true, v2Limits) as { params: Buffer[] };
  const [small, large] = read.params as [Buffer, Buffer];
  expect(small.buffer).not.toBe(payload.buffer);
  expect(large.buffer).toBe(payload.buffer);
});
