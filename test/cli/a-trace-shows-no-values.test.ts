import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mask } from '../../cli/mask.ts';
import { MethodsByTag } from '../../cli/methods-by-tag.ts';
import { jsonLine } from '../../cli/text.ts';
import { traceLine } from '../../cli/trace.ts';
import { folder, guestAt, run } from './support.ts';

test('every leaf is its type and size', () => {
  expect(mask({ path: '/etc/shadow', offset: 5, deep: [{ on: true, none: null }, 'x'] })).toBe(
    '{"path":<string 11>,"offset":<number>,"deep":[{"on":<boolean>,"none":<null>},<string 1>]}',
  );
  expect([mask('secret'), mask(1), mask(undefined), mask([])]).toEqual(['<string 6>', '<number>', '<undefined>', '[]']);
  expect([mask({ data: Buffer.from('secret') }), jsonLine({ data: Buffer.from('secret') })]).toEqual([
    '{"data":<bytes 6>}',
    '{"data":"c2VjcmV0"}',
  ]);
});

test('large and deep values stay small', () => {
  expect(mask(Array.from({ length: 1000 }, () => 's')).length).toBeLessThan(400);
  let deep: unknown = 'leaf';
  for (let level = 0; level < 10_000; level++) deep = [deep];
  expect(mask(deep)).toBe('[[[[[[<array 1>]]]]]]');
  expect(mask({ [`k${'x'.repeat(1000)}\u001b`]: 1 }).length).toBeLessThan(80);
});

test('a line has the time, the direction, the type, the tag, the method and the bytes', () => {
  const at = new Date('2026-01-02T03:04:05.678Z');
  const line = (direction: 'in' | 'out', message: object, method?: string): string =>
    traceLine({ direction, message, bytes: 99 }, method, 'shapes', at);
  expect(line('out', { type: 'request', tag: 'a.1', method: 'm', params: { x: 1 } }, 'm')).toBe(
    '03:04:05.678 → request a.1 m 99 B {"x":<number>}',
  );
  expect(line('in', { type: 'response', tag: 'a.1', answer: { ok: false, error: { code: 'BUSY', message: 'no', data: [1] } } }, 'm')).toBe(
    '03:04:05.678 ← response a.1 m 99 B BUSY {"message":<string 2>,"data":[<number>]}',
  );
  expect(line('in', { type: 'request', tag: undefined, method: 'm\n\u001b', params: undefined }, 'm\n\u001b')).toBe(
    '03:04:05.678 ← request (no tag) m\\u000a\\u001b 99 B',
  );
  expect(line('out', { type: 'cancel', tag: 'a.1' })).toBe('03:04:05.678 → cancel a.1 99 B');
  expect(line('out', { type: 'progress', token: 7, value: 'half' })).toBe('03:04:05.678 → progress 7 99 B <string 4>');
  expect(line('in', { type: 'rejected', tag: null, error: { code: 'PARSE_ERROR', message: 'bad' } })).toBe(
    '03:04:05.678 ← rejected null 99 B PARSE_ERROR {"message":<string 3>}',
  );
});

test('a response is told by the tag of its request, in its own direction only', () => {
  const tags = new MethodsByTag();
  const seen = (direction: 'in' | 'out', message: object): string | undefined => tags.of({ direction, message, bytes: 1 });
  expect(seen('out', { type: 'request', tag: '1', method: 'ours' })).toBe('ours');
  expect(seen('in', { type: 'request', tag: '1', method: 'theirs' })).toBe('theirs');
  expect(seen('out', { type: 'response', tag: '1' })).toBe('theirs');
  expect(seen('in', { type: 'response', tag: '1' })).toBe('ours');
  expect(seen('in', { type: 'response', tag: '1' })).toBeUndefined();
});

test('--trace shows both directions without a secret; --trace-payloads shows all, escaped', async () => {
  const dir = folder();
  mkdirSync(join(dir, 'hunter2'));
  writeFileSync(join(dir, 'hunter2', 'file'), 'the content');
  await guestAt(join(dir, 's'), '--allow-read', dir);
  const call = ['call', 'getfile', JSON.stringify({ path: join(dir, 'hunter2', 'file') }), '-c', 'unix-connect', '-p', join(dir, 's')];
  const content = Buffer.from('the content').toString('base64');

  const masked = (await run([...call, '--trace'])).stderr;
  expect(masked).toMatch(/→ request \S+ getfile \d+ B \{"path":<string \d+>\}/);
  expect(masked).toMatch(/← response \S+ getfile \d+ B \{"data":<string 16>,"offset":<number>/);
  expect(masked).toMatch(/← request \S+ hello \d+ B/);
  expect(masked).not.toContain('hunter2');
  expect(masked).not.toContain(content);

  const clear = (await run([...call, '--trace-payloads'])).stderr;
  expect(clear).toContain(`{"path":"${join(dir, 'hunter2', 'file')}"}`);
  expect(clear).toContain(content);
  for (const line of clear.split('\n')) expect(line.length).toBeLessThan(400);
});
