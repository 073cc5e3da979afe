import { expect, test } from 'vitest';
import { codecOf, decode, exact, headed, only } from './support.ts';

const ask = '{"jsonrpc":"2.0","id":1,"method":"m"}';
const answer = '{"jsonrpc":"2.0","id":1,"result":1}';
const failure = '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}';

test.each([['[]'], [`[${ask}]`], [`[${ask},${ask},${ask}]`], [`[${answer},${ask}]`], ['[1]'], ['[null]'], [`[[${answer}]]`]])(
  'the batch %s is rejected once, under null',
  (batch) => {
    const rejected = { type: 'rejected', tag: null, error: { code: 'INVALID_REQUEST' } };
    expect(only(codecOf('jsonrpc-lines'), `${batch}\n`)).toMatchObject(rejected);
    expect(only(codecOf('jsonrpc-headers'), headed(batch))).toMatchObject(rejected);
  },
);

test.each([[`[${answer}]`], [`[${answer},${failure}]`], ['[{"result":1}]'], ['[{"error":1}]']])(
  'the batch %s of responses is reported, never answered',
  (batch) => {
    expect(exact(decode(codecOf('jsonrpc-lines'), `${batch}\n`))).toEqual([
      `not-a-message ${batch.length + 1} dropped ${batch.length + 1} bytes: a batch of responses, and batches are not taken`,
    ]);
  },
);
