import { expect, test } from 'vitest';
import { everyProtocol, rejection, settled } from '../support/peers.ts';
import { against, answer, answers, ask, asked } from './support.ts';

const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'then', 'prototype', ''];

test.each(everyProtocol)('a method that nobody registered is not found, whatever its name ($protocol)', async ({ protocol }) => {
  const { say, heard, peer } = against({ protocol, methods: { ping: () => undefined } });
  say(...names.map((name, i) => ask(`${i}`, name)));
  await settled();
  expect(answers(heard).map(({ answer: { error } = { ok: true, error: undefined } }) => error?.code)).toEqual(
    names.map(() => 'METHOD_NOT_FOUND'),
  );
  expect(peer.counters.violations).toBe(0);
});

test.each(everyProtocol)('tags of such names tie answers to their requests ($protocol)', async ({ protocol }) => {
  const { say, heard } = against({ protocol, methods: { echo: (params: unknown) => params } });
  const tags = names.filter((name) => name !== '');
  say(...tags.map((tag, n) => ask(tag, 'echo', { n })), ...tags.map((tag, n) => ask(tag, 'echo', { n })));
  if (protocol === 'jsonrpc-headers') say(...tags.map((tag) => ({ type: 'cancel', tag }) as const));
  await settled();
  expect(answers(heard).map(({ tag, answer: a }) => [tag, a?.value])).toEqual(
    [...tags, ...tags].map((tag, i) => [tag, { n: i % tags.length }]),
  );
});

test.each(everyProtocol)('responses with such tags are nobody’s ($protocol)', async ({ protocol }) => {
  const { peer, say, heard } = against({ protocol });
  const call = peer.call('any', {});
  await settled();
  say(...names.map((name) => answer(name, { wrong: true })));
  say(answer(asked(heard)[0]?.tag, { right: true }));
  expect(await call).toEqual({ right: true });
  expect(peer.counters.violations).toBe(names.length);
});

test('progress for such tokens is nobody’s', async () => {
  const { peer, say } = against({ protocol: 'jsonrpc-headers' });
  const told: unknown[] = [];
  peer.call('any', {}, { onProgress: (value) => told.push(value) }).catch(() => {});
  await settled();
  say(...names.map((token) => ({ type: 'progress', token, value: 1 }) as const));
  await settled();
  expect(told).toEqual([]);
  expect(peer.counters.unclaimed).toBe(names.length);
});

test.each(everyProtocol)('parameters and results with a __proto__ of their own change nobody else’s ($protocol)', async ({ protocol }) => {
  const seen: unknown[] = [];
  const { peer, say, heard } = against({ protocol, methods: { look: (params: unknown) => void seen.push(params) } });
  const evil = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}') as object;
  say(ask('1', 'look', evil));
  const options = protocol === 'jsonrpc-headers' ? { onProgress: () => {} } : {};
  const call = peer.call('any', evil, options);
  await settled();
  expect(Object.keys(seen[0] as object)).toEqual(['__proto__', 'constructor']);
  expect(Object.keys(asked(heard)[0]?.params as object).slice(0, 2)).toEqual(['__proto__', 'constructor']);
  say(answer(asked(heard)[0]?.tag, evil));
  expect(Object.keys((await call) as object)).toEqual(['__proto__', 'constructor']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('schemas of results are looked up by name alone', async () => {
  const { peer, say, heard } = against({ results: {} });
  const call = peer.call('constructor');
  await settled();
  say(answer(asked(heard)[0]?.tag, 1));
  expect(await call).toBe(1);
  expect(await rejection(peer.call('x', undefined, { result: {} as never }))).toMatchObject({ code: 'INVALID_OPTION', known: 'not-sent' });
});
