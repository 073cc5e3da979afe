/** What a user prints is one line of plain text; what the peer really sent is in `remote`. */
import { expect, test } from 'vitest';
import type { Schema } from '../../actors/index.ts';
import type { OutgoingMessage } from '../../transport/index.ts';
import { everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { memoryPair } from '../../transport/index.ts';
import { against, answer, answers, ask, asked } from './support.ts';

const evil = '\u001b[2J\u001b]0;title\u0007fine\r\n2026-01-01 ERROR root logged in\u2028\u202eneslaf\u0000\u009b31m\ud800 grüße \u{1f600}';
// oxlint-disable-next-line no-control-regex -- exactly those
const acts = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/;
const failure = (tag: unknown, number: number): OutgoingMessage => ({
  type: 'response',
  tag: tag as string,
  answer: { ok: false, error: { code: 'REMOTE_ERROR', message: evil, number } },
});

test.each(everyProtocol)('the message of its error is shown as one line ($protocol)', async ({ protocol }) => {
  const { peer, say, heard } = against({ protocol });
  const call = rejection(peer.call('any', {}));
  await settled();
  say(failure(asked(heard)[0]?.tag, -4711));
  const error = await call;
  expect(error).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed' });
  expect(error.message).not.toMatch(acts);
  expect(error.message).toContain('fine\\u000d\\u000a2026-01-01 ERROR root logged in');
  expect(error.message).toContain('grüße \u{1f600}');
  expect((error['remote'] as { message: string }).message).toContain('\u001b[2J');
});

test('nor do its codes, its odd error objects and its results', async () => {
  const { peer, line, heard } = against({
    results: {
      any: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (value) => ({ issues: [{ message: `was ${String(value)}`, path: [String(value)] }] }),
        },
      } satisfies Schema,
    },
  });
  const bodies = [
    { error: { code: -4711, message: evil, data: { evil } } },
    { error: { code: 'x', message: evil } },
    { error: { code: 1.5, message: evil } },
    { error: { code: 1, message: { evil } } },
    { error: { code: 1, message: 'x'.repeat(100_000) } },
    { error: evil },
    { error: null },
    { error: [] },
    { result: 1, error: { code: 1, message: evil } },
    { result: evil },
    { result: evil, jsonrpc: '1.0' },
    {},
  ];
  for (const [i, body] of bodies.entries()) {
    const call = rejection(peer.call('any', {}));
    await settled();
    line.write(`${JSON.stringify({ jsonrpc: '2.0', id: asked(heard)[i]?.tag, ...body })}\n`);
    const error = await call;
    expect(error['code']).toMatch(/^(REMOTE_ERROR|INVALID_RESPONSE)$/);
    expect(error['known']).toBe('executed');
    expect(error.message).not.toMatch(acts);
    expect(error.message.length).toBeLessThan(2_000);
    expect(error.stack).not.toMatch(/\u001b/); // oxlint-disable-line no-control-regex -- exactly that
  }
});

test('nor what it asks for, or breaks: not in what we tell it, not in what we report', async () => {
  const told: unknown[] = [];
  const { peer, say, heard, raw } = against({ onError: (error) => told.push(error) });
  peer.damage$.subscribe((damage) => told.push(damage));
  say(ask('1', evil), ask('2', 'x'.repeat(250)));
  raw(`${evil.replaceAll('\n', '')}\n{"jsonrpc":"2.0","method":"x","params":"\u001b[2J"}\n{"jsonrpc":"2.0","id":{},"result":1}\n`);
  await settled();
  expect(answers(heard).length).toBeGreaterThanOrEqual(3);
  for (const { answer: a } of answers(heard)) {
    expect(a?.error?.message).not.toMatch(acts);
    expect(a?.error?.message.length).toBeLessThan(300);
  }
  expect(told.length).toBeGreaterThan(0);
  for (const error of told) expect((error as Error).message).not.toMatch(acts);
});

test('our own names and values are shown the same way', async () => {
  const { peer, say, heard } = against({ protocol: 'virtagent-v7', role: 'host' });
  say(ask('h', 'hello'));
  await settled();
  say(answer(asked(heard)[0]?.tag, { methods: ['ping'] }));
  await peer.ready();
  const error = await rejection(peer.call(evil, {}));
  expect(error['code']).toBe('METHOD_NOT_FOUND');
  expect(error.message).not.toMatch(acts);
  expect(() => opened<Loose>({ stream: memoryPair()[0], protocol: evil as never })).toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(acts) as string }) as Error,
  );
});

test.each(everyProtocol)('no stack and no path of ours goes over the line ($protocol)', async ({ protocol }) => {
  const { say, heard } = against({
    protocol,
    methods: {
      fails: () => {
        throw new TypeError('plain words');
      },
      cyclic: () => {
        const value: Record<string, unknown> = {};
        value['self'] = value;
        return value;
      },
    },
  });
  say(ask('1', 'fails'), ask('2', 'cyclic'), ask('3', 'missing'));
  await settled();
  for (const one of answers(heard)) expect(JSON.stringify(one)).not.toMatch(/\.ts\b|\n +at |node_modules/);
  expect(answers(heard)).toHaveLength(3);
});
