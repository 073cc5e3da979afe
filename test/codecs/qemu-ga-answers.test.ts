import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { codecOf, decode, plain, raw } from './support.ts';

const said = (text: string, limits = {}): unknown[] => plain(decode(codecOf('qemu-ga', limits), raw(text)));
const failed = (code: string, message: string, tag?: string, data?: object): object => ({
  type: 'response',
  tag,
  answer: { ok: false, error: data === undefined ? { code, message } : { code, message, data } },
});

test.each<[string, unknown]>([
  ['{"return": {}, "id": "a.1"}\n', { type: 'response', tag: 'a.1', answer: { ok: true, value: {} } }],
  ['{"id": "a.1", "return": null}\r\n', { type: 'response', tag: 'a.1', answer: { ok: true, value: null } }],
  ['{"return": 0}\n', { type: 'response', tag: undefined, answer: { ok: true, value: 0 } }],
  ['\xff{"return": 5, "id": "a"}\n', { type: 'response', tag: 'a', answer: { ok: true, value: 5 } }],
  [
    '{"id": "a", "error": {"class": "CommandNotFound", "desc": "no"}}\n',
    failed('METHOD_NOT_FOUND', 'no', 'a', { class: 'CommandNotFound', desc: 'no' }),
  ],
  ['{"error": {"class": "GenericError", "desc": "x"}}\n', failed('REMOTE_ERROR', 'x', undefined, { class: 'GenericError', desc: 'x' })],
  ['{"error": {"desc": "x"}, "id": "a"}\n', failed('INVALID_RESPONSE', 'The error of the answer has no class and no desc', 'a')],
  ['{"id": "a"}\n', failed('INVALID_RESPONSE', 'The answer has neither return nor error', 'a')],
  ['{"return": 1, "id": 5}\n', 'not-a-message 23'],
  ['{"return": 1, "id": null}\n', 'not-a-message 26'],
  ['{"execute": "guest-ping", "id": "x"}\n', 'not-a-message 37'],
  ['[{"return": 1}]\n', 'not-a-message 16'],
  ['{"QMP": {}}\n', 'not-a-message 12'],
  ['{"return": \xfe}\n', 'not-a-message 14'],
  ['{"return": 1\xff', 'truncated 12'],
  ['{"return": 1', 'truncated 12'],
  ['\xff\xff \n\r\n', undefined],
])('%j', (text, expected) => {
  expect(said(text)).toEqual(expected === undefined ? [] : [expected]);
});

test('names of every object are only names', () => {
  const [message] = decode(
    codecOf('qemu-ga'),
    raw('{"return": {"__proto__": {"x": 1}, "constructor": 2}, "id": "a", "__proto__": {"error": 1}}\n'),
  );
  expect(JSON.stringify(message)).toContain('"ok":true');
  expect(({} as { x?: unknown }).x).toBeUndefined();
  expect(said('{"__proto__": {"return": 1, "id": "a"}}\n')).toEqual(['not-a-message 40']);
});

test('what is nested deeper than the limit, and a line that is longer, cost themselves only', () => {
  const deep = `{"return": ${'['.repeat(200)}${']'.repeat(200)}, "id": "a"}\n`;
  const good = '{"return": 1, "id": "b"}\n';
  expect(said(deep + good)).toEqual([`not-a-message ${deep.length}`, expect.objectContaining({ tag: 'b' })]);
  expect(said(`${'x'.repeat(5_000)}\n${good}`, { maxMessageBytes: 100 })).toEqual([
    'message-too-large 5001',
    expect.objectContaining({ tag: 'b' }),
  ]);
  // The mark is an end too: nobody has to wait for a line feed.
  expect(said(`${'x'.repeat(5_000)}\xff${good}`, { maxMessageBytes: 100 })).toEqual([
    'message-too-large 5000',
    expect.objectContaining({ tag: 'b' }),
  ]);
});

/** What was seen on the socket of QEMU 7.2's agent: each line one thing that was sent, or that it said. */
const transcript = readFileSync(new URL('../fixtures/qemu-ga/unix-listen.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { section: string; direction: 'sent' | 'said'; text: string });
const words = transcript.filter(({ direction }) => direction === 'said');

test('all that a real agent said is understood', () => {
  const codec = codecOf('qemu-ga');
  const decoded = words.flatMap(({ text }) => codec.push(raw(text)));
  // That client used numbers and objects for ids, too, and here nobody awaits the syncs of then.
  const dropped = decoded.filter((item) => item instanceof Error).map(({ message }) => message.replace(/^.*: /, ''));
  expect(dropped.filter((message) => message === 'the answer to a sync that nobody awaits')).toHaveLength(
    words.reduce((sum, { text }) => sum + text.split('\xff').length - 1, 0),
  );
  expect(dropped.filter((message) => message === 'an answer under an id that is none of ours')).toHaveLength(7);
  expect(decoded).toHaveLength(words.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0));
});

test.each([
  ['client id is object, error reply', 'not-a-message'],
  ['unknown command', 'METHOD_NOT_FOUND'],
  ['guest-sync missing id', 'INVALID_PARAMS'],
  ['guest-sync extra arg', 'INVALID_PARAMS'],
  ['guest-sync id string (wrong type)', 'INVALID_PARAMS'],
  ['guest-exec-status again (reaped)', 'REMOTE_ERROR'],
  ['guest-file-close again', 'REMOTE_ERROR'],
  ['guest-exec nonexistent', 'REMOTE_ERROR'],
  ['malformed: trailing comma', 'REMOTE_ERROR'],
])('what it said of: %s', (section, expected) => {
  const said = words.filter((word) => word.section === section).map(({ text }) => text);
  expect(said.length).toBeGreaterThan(0);
  const [item] = decode(codecOf('qemu-ga'), raw(said.join('')));
  const what = item instanceof Error ? item.reason : item?.type === 'response' && !item.answer.ok ? item.answer.error.code : 'ok';
  expect(what).toBe(expected);
});
