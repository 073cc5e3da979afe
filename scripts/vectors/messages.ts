import { encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';

/** A message, and the payload of its frames. */
export interface MessageVector {
  readonly name: string;
  /** As it is in transport/messages.ts; a byte string is `{"$hex": digits}`. */
  readonly message: unknown;
  /** Its JSON, for who reads this; the order of the members means nothing. */
  readonly json: string;
  /** Its flag BYTES. */
  readonly bytes: boolean;
  readonly hex: string;
}

/** A payload that is no message that could be taken, and what becomes of it. */
export interface RefusedVector {
  readonly name: string;
  readonly json: string;
  readonly bytes: boolean;
  readonly hex: string;
  /** `refused`: answered with that error. `fails`: the call with that id comes to INVALID_RESPONSE. `dropped`: nobody is told. */
  readonly outcome: 'refused' | 'fails' | 'dropped';
  readonly id?: string;
  readonly error?: string;
}

const blob = Buffer.from('ff00fe01', 'hex');

const messages: readonly [string, OutgoingMessage][] = [
  ['request', { type: 'request', tag: 'a.1', method: 'ping', params: undefined }],
  [
    'request with all that it can have',
    {
      type: 'request',
      tag: 'a.2',
      method: 'read',
      params: { path: '/größe' },
      deadline: 61_000,
      urgency: 0,
      wants: 'progress',
      nested: true,
    },
  ],
  [
    'request for items',
    { type: 'request', tag: 'a.3', method: 'list', params: [1, null], urgency: 2, wants: { items: 16, bytes: 65_536 } },
  ],
  ['request whose params are text', { type: 'request', tag: 'a.4', method: 'echo', params: 'a "b" \\ \u2028' }],
  ['request with a byte string', { type: 'request', tag: 'a.5', method: 'write', params: { path: '/tmp/x', data: blob } }],
  ['request whose params are a byte string', { type: 'request', tag: 'a.6', method: 'write', params: blob }],
  [
    'request with byte strings under keys with the signs of a pointer, one of them empty',
    { type: 'request', tag: 'a.7', method: 'm', params: [{ 'a/b~c': blob, '': Buffer.alloc(0) }, [blob]] },
  ],
  ['notification', { type: 'notification', method: 'changed', params: { name: 'x' } }],
  ['result', { type: 'response', tag: 'a.1', answer: { ok: true, value: 'pong' } }],
  ['result of nothing', { type: 'response', tag: 'a.2', answer: { ok: true, value: null } }],
  ['result that is a byte string', { type: 'response', tag: 'a.3', answer: { ok: true, value: blob } }],
  [
    'error of this package',
    { type: 'response', tag: 'a.4', answer: { ok: false, error: { code: 'EXPIRED', message: 'the deadline had passed' } } },
  ],
  [
    "error of a method's own, with data",
    {
      type: 'response',
      tag: 'a.5',
      answer: { ok: false, error: { code: 'REMOTE_ERROR', number: 1042, message: 'no such user', data: { id: 5, key: blob } } },
    },
  ],
  [
    "error of a method's own, with a number of the table",
    { type: 'response', tag: 'a.6', answer: { ok: false, error: { code: 'REMOTE_ERROR', number: -32_010, message: 'the pump is busy' } } },
  ],
  [
    'error of a request that was not run, where the number does not say so',
    { type: 'response', tag: 'a.7', answer: { ok: false, error: { code: 'MESSAGE_TOO_LARGE', message: 'too large', known: 'refused' } } },
  ],
  ['$/cancel', { type: 'cancel', tag: 'a.1' }],
  ['$/progress', { type: 'progress', token: 'a.2', value: { done: 0.5 } }],
  ['$/item', { type: 'item', tag: 'a.3', at: 0, value: ['x', 1] }],
  ['$/item that is a byte string', { type: 'item', tag: 'a.3', at: 1, value: blob }],
  ['result behind items', { type: 'response', tag: 'a.3', answer: { ok: true, value: null }, items: 2 }],
  ['$/more', { type: 'more', tag: 'a.3', items: 8, itemBytes: 32_768 }],
  ['$/status', { type: 'status', tag: 'a.8', of: 'a.1' }],
  [
    '$/limits',
    {
      type: 'limits',
      limits: { frame: 65_536, message: 16_777_216, messages: 64, depth: 128, method: 256, streams: 64, keepMs: 30_000, heartbeatMs: 5000 },
    },
  ],
];

/** Every message that can be sent. */
export function messageVectors(): MessageVector[] {
  return messages.map(([name, message]) => {
    const { payload, bytes } = encodeMessage(message, v2Limits);
    return { name, message: inJson(message), json: jsonOf(payload, bytes), bytes, hex: payload.toString('hex') };
  });
}

/** Only what is plain is looked into, as Buffers have a JSON of their own. */
function inJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inJson(member)]));
}

function jsonOf(payload: Buffer, bytes: boolean): string {
  return bytes ? payload.toString('utf8', 4, 4 + ((payload[2] as number) << 7) + (payload[3] as number)) : payload.toString();
}

/** Of the request or the call with the id "a". */
const outcomes = {
  dropped: { outcome: 'dropped' },
  fails: { outcome: 'fails', id: 'a' },
  refused: { outcome: 'refused', id: 'a', error: 'INVALID_REQUEST' },
  badParams: { outcome: 'refused', id: 'a', error: 'INVALID_PARAMS' },
} as const;

const four = 'ff00fe01';

const refused: readonly (readonly [name: string, json: string, outcome: keyof typeof outcomes, strings?: string])[] = [
  ['JSON that is cut', '{"id":"a","method":"m"', 'dropped'],
  ['an array', '[{"id":"a","method":"m"}]', 'dropped'],
  ['an id that is a number', '{"id":5,"method":"m"}', 'dropped'],
  ['an id of 65 characters', `{"id":"${'t'.repeat(65)}","method":"m"}`, 'dropped'],
  ['nested 129 deep', `{"id":"a","method":"m","params":${'['.repeat(128)}${']'.repeat(128)}}`, 'dropped'],
  ["a method's name of 257 characters", `{"id":"a","method":"${'m'.repeat(257)}"}`, 'refused'],
  ['a deadline that is no whole number', '{"id":"a","method":"m","deadline":1.5}', 'refused'],
  ['an urgency that there is not', '{"id":"a","method":"m","urgency":3}', 'refused'],
  ['wants without bytes', '{"id":"a","method":"m","wants":{"items":5}}', 'refused'],
  ['$/status of nothing', '{"id":"a","method":"$/status"}', 'badParams'],
  ['a response without an id', '{"result":1}', 'dropped'],
  ['a response with neither result nor error', '{"id":"a"}', 'fails'],
  ['a response with both', '{"id":"a","result":1,"error":{"code":1,"message":"no"}}', 'fails'],
  ['an error without a code', '{"id":"a","error":{"message":"no"}}', 'fails'],
  ['$/cancel of nothing', '{"method":"$/cancel"}', 'dropped'],
  ['$/more without bytes', '{"method":"$/more","params":{"id":"a","items":5}}', 'dropped'],
  ['a byte string where no null is', '{"id":"a","method":"m","params":{"x":5},"bytes":[["/params/x",4]]}', 'refused', four],
  [
    'a byte string under what every object inherits',
    '{"id":"a","method":"m","params":{},"bytes":[["/params/__proto__",4]]}',
    'refused',
    four,
  ],
  ['two byte strings in one place', '{"id":"a","method":"m","params":null,"bytes":[["/params",2],["/params",2]]}', 'refused', four],
  ['byte strings that come to less than is there', '{"id":"a","method":"m","params":null,"bytes":[["/params",3]]}', 'refused', four],
  ['byte strings that come to more than is there', '{"id":"a","method":"m","params":null,"bytes":[["/params",5]]}', 'refused', four],
  ['a list of byte strings that is none', '{"id":"a","method":"m","bytes":{}}', 'refused', ''],
  ['a result with a list that does not fit', '{"id":"a","result":null,"bytes":[["/result",5]]}', 'fails', four],
  ['a notification with a list that does not fit', '{"method":"m","params":null,"bytes":[["/params",5]]}', 'dropped', four],
];

/** What has to be refused or dropped. */
export function refusedVectors(): RefusedVector[] {
  return refused.map(([name, json, outcome, strings]) => {
    const text = Buffer.from(json);
    const head = Buffer.from([0, 0, text.length >> 7, text.length & 0x7f]);
    const payload = strings === undefined ? text : Buffer.concat([head, text, Buffer.from(strings, 'hex')]);
    return { name, json, bytes: strings !== undefined, hex: payload.toString('hex'), ...outcomes[outcome] };
  });
}
