import { describe, expect, test } from 'vitest';
import { codecOf, headed, only, v7Request, type CodecName } from './support.ts';

/** A request whose one parameter is made of these bytes, in a string. */
const requests: [CodecName, (bytes: Buffer) => Buffer][] = [
  ['virtagent-v7', (bytes) => v7Request('t', body('"method":"m"', bytes))],
  ['jsonrpc-lines', (bytes) => Buffer.from(`${body('"jsonrpc":"2.0","id":"t","method":"m"', bytes)}\n`, 'latin1')],
  ['jsonrpc-headers', (bytes) => headed(body('"jsonrpc":"2.0","id":"t","method":"m"', bytes))],
];

function body(members: string, bytes: Buffer): string {
  return `{${members},"params":{"text":"${bytes.toString('latin1')}"}}`;
}

// Around the size from which ASCII is told apart.
const lengths = [0, 500, 900, 1020, 1100, 70_000];

describe.each(requests)('%s', (name, request) => {
  // `headed` and `v7Request` write their text as UTF-8, so bytes go in afterwards.
  const read = (bytes: Buffer): unknown => {
    const marks = Buffer.alloc(bytes.length, '~');
    const frame = request(marks);
    bytes.copy(frame, frame.indexOf(marks));
    return only(codecOf(name), frame);
  };

  test.each(lengths)('any text behind %i characters is taken as it is, replacement characters too', (length) => {
    for (const text of ['ü', 'Ωж', '漢字', '🙂', '\ufffd', '\ufeff', '\u007f', '\u0080'])
      expect(read(Buffer.from('x'.repeat(length) + text + 'y'))).toMatchObject({
        type: 'request',
        params: { text: `${'x'.repeat(length)}${text}y` },
      });
  });

  test.each(lengths)('bytes that are no UTF-8 behind %i characters refuse the message', (length) => {
    for (const broken of ['80', 'c3', 'c0af', 'e282', 'eda080', 'f4908080', 'fe'])
      expect(read(Buffer.concat([Buffer.alloc(length, 'x'), Buffer.from(broken, 'hex'), Buffer.from('y')]))).toMatchObject({
        type: 'rejected',
        error: { code: 'PARSE_ERROR', message: expect.stringContaining('UTF-8') as string },
      });
  });
});
