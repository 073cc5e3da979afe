/** Attacks that fit every protocol whose messages are JSON in some frame: ours, and those of other packages. */
import type { Duplex } from 'node:stream';
import type { Attack } from './attack.ts';
import { RawSide } from './raw-side.ts';
import { block, deep, MANY, MiB, noise } from './material.ts';

/** Whom a victim speaks like. */
export type TextKind = 'jsonrpc-lines' | 'jsonrpc-headers' | 'virtagent-v7' | 'vscode-jsonrpc' | 'birpc';

interface Wire {
  frame(text: string | Buffer): Buffer;
  request(id: string, method: string, params: string): string;
  response(id: string): Buffer;
  /** What begins a frame and does not end it. */
  readonly unending: string;
}

const jsonRpc = {
  request: (id: string, method: string, params: string) => `{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params}}`,
};
const jsonRpcResponse = (id: string): string => `{"jsonrpc":"2.0","id":"${id}","result":1}`;

const line: Wire['frame'] = (text) => Buffer.concat([Buffer.from(text as string), Buffer.from('\n')]);
const withHeader: Wire['frame'] = (text) => {
  const body = Buffer.from(text as string);
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
};

const wires: Readonly<Record<TextKind, Wire>> = {
  'jsonrpc-lines': { ...jsonRpc, response: (id) => line(jsonRpcResponse(id)), frame: line, unending: '{"jsonrpc":"2.0","method":"' },
  'jsonrpc-headers': {
    ...jsonRpc,
    response: (id) => withHeader(jsonRpcResponse(id)),
    frame: withHeader,
    unending: 'Content-Length: 99999999999\r\n\r\n{"x":"',
  },
  'vscode-jsonrpc': {
    ...jsonRpc,
    response: (id) => withHeader(jsonRpcResponse(id)),
    frame: withHeader,
    unending: 'Content-Length: 99999999999\r\n\r\n{"x":"',
  },
  birpc: {
    frame: line,
    request: (id, method, params) => `{"t":"q","i":"${id}","m":"${method}","a":[${params}]}`,
    response: (id) => line(`{"t":"s","i":"${id}","r":1}`),
    unending: '{"t":"q","m":"',
  },
  'virtagent-v7': {
    frame: (text) => v7Frame('POST /RPC2 HTTP/1.1', text),
    request: (_id, method, params) => `{"method":"${method}","params":${params.startsWith('{') ? params : `{"x":${params}}`}}`,
    response: () => v7Frame('HTTP/1.1 200 OK', '{"errnum":0,"return_data":{}}'),
    unending: '\xffPOST /RPC2 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 99999999999\r\nX-Virtagent-Client-Tag: 1\r\n\r\n{"x":"',
  },
};

function v7Frame(first: string, text: string | Buffer): Buffer {
  const body = Buffer.from(text as string);
  const header = `\xff${first}\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\nX-Virtagent-Client-Tag: 1\r\n\r\n`;
  return Buffer.concat([Buffer.from(header, 'latin1'), body, Buffer.from([0xff])]);
}

/** The far end of a line of such a protocol. */
export class TextSide extends RawSide {
  readonly wire: Wire;

  constructor(line: Duplex, kind: TextKind) {
    super(line, true);
    this.wire = wires[kind];
  }

  text(text: string | Buffer): boolean {
    return this.raw(this.wire.frame(text));
  }

  request(id: string | number, method: string, params = '{}'): boolean {
    return this.text(this.wire.request(`${id}`, method, params));
  }
}

export const textAttacks: readonly Attack<TextSide>[] = [
  {
    name: 'nothing but noise',
    run: (far, by) => by.flood(far, (i) => far.raw(noise[i % noise.length] as Buffer)),
    expects: ({ handled, bytesIn }) => handled === 0 && bytesIn >= MiB / 4,
  },
  {
    name: 'a byte at a time',
    run: (far, by) => by.flood(far, (i) => far.raw(Buffer.from([(i * 7) % 256]))),
    expects: ({ said, bytesIn, handled }) => said >= MANY && bytesIn >= MANY && handled === 0,
  },
  {
    name: 'a frame that never ends',
    run: (far, by) => (far.raw(Buffer.from(far.wire.unending, 'latin1')), by.flood(far, () => far.raw(block))),
    expects: ({ bytesIn, handled }) => bytesIn >= 10 * MiB && handled === 0,
  },
  { name: 'it connects and says nothing', run: (far, by) => by.watch(far, 2_500), expects: ({ bytesIn }) => bytesIn === 0 },
  {
    name: 'requests that are never done with',
    run: (far, by) => by.flood(far, (i) => far.request(i, 'never')),
    expects: ({ messagesIn, handled }) => messagesIn >= MANY && handled >= 1,
  },
  {
    name: 'one tag for all requests',
    run: (far, by) => by.flood(far, () => far.request('same', 'never')),
    expects: ({ messagesIn, handled }) => messagesIn >= MANY && handled >= 1,
  },
  {
    name: 'ten thousand errors',
    ms: 20_000,
    run: (far, by) => by.flood(far, (i) => far.request(i, `none${i}`), 10_000),
    expects: ({ said, messagesIn }) => said === 10_000 && messagesIn >= 9_900,
  },
  {
    name: 'responses that nobody asked for',
    run: (far, by) => by.flood(far, (i) => far.raw(far.wire.response(`${i}`))),
    expects: ({ messagesIn, violations, damaged }) => messagesIn + damaged >= MANY && violations + damaged >= MANY,
  },
  {
    name: 'large answers, unread',
    // Who keeps them all has half a gigabyte of them.
    run: (far, by) => by.floodUnread(far, (i) => far.request(i, 'big', '{"x":1000000}'), 500),
    expects: ({ handled }) => handled >= 5,
  },
  {
    name: 'echoes, unread',
    run: (far, by) => by.floodUnread(far, (i) => far.request(i, 'echo', `{"pad":"${'x'.repeat(10_000)}"}`)),
    expects: ({ handled }) => handled >= 20,
  },
  {
    name: 'JSON that is nested deep',
    run: (far, by) => by.flood(far, (i) => far.request(i, 'echo', deep(20_000))),
    expects: ({ said, handled, bytesIn }) => said >= 100 && handled === 0 && bytesIn >= MiB,
  },
  {
    name: '__proto__ keys',
    run: (far, by) =>
      by.flood(far, (i) => far.request(i, 'echo', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')),
    expects: ({ handled }) => handled >= MANY,
  },
  {
    name: 'methods of every object',
    run: (far, by) => by.flood(far, (i) => far.request(i, ['__proto__', 'constructor', 'toString', 'hasOwnProperty'][i % 4] as string)),
    expects: ({ messagesIn, handled }) => messagesIn >= MANY && handled === 0,
  },
  {
    name: 'huge numbers',
    run: (far, by) => by.flood(far, (i) => far.request(i, 'echo', `[1e999,${'9'.repeat(5_000)}]`)),
    expects: ({ handled }) => handled >= 100,
  },
  {
    name: 'invalid UTF-8',
    run: (far, by) => by.flood(far, (i) => far.text(Buffer.from(far.wire.request(`${i}`, 'echo', '{"x":"\xc3\x28\xf0\x80"}'), 'latin1'))),
    expects: ({ said, bytesIn }) => said >= MANY && bytesIn >= 30 * said,
  },
  {
    name: 'what is no message',
    run: (far, by) => by.flood(far, (i) => far.text(['null', '[]', '1', '"x"', '{}', '{"id":1}', '{"id":{},"method":1}'][i % 7] as string)),
    expects: ({ said, messagesIn, damaged, handled }) => said >= MANY && messagesIn + damaged >= MANY && handled === 0,
  },
];
