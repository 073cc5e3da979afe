import { expect, test } from 'vitest';
import type { ActResult } from '../../inspector/records.ts';
import { ask, below, served, type Answer, type FakeInspector } from './support/requests.ts';
import type { InspectServer } from '../../inspector/server.ts';

const json = { 'content-type': 'application/json' };

async function post(server: InspectServer, body: string, headers: Record<string, string> = json): Promise<Answer> {
  return ask(server, below(server, 'act'), { method: 'POST', headers, body });
}

test('an act is done and its result told', async () => {
  const { server, inspector } = await served();
  inspector.result = { ok: true, value: { pong: 1 } };
  const answer = await post(server, '{"do":"call","method":"ping","params":[1],"urgency":2}', {
    'content-type': 'application/json; charset=utf-8',
  });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { ok: true, value: { pong: 1 } }]);
  expect(inspector.acts).toEqual([{ do: 'call', method: 'ping', params: [1], urgency: 2 }]);
});

test('an act that control was not given for is forbidden', async () => {
  const { server, inspector } = await served();
  inspector.result = { ok: false, error: { code: 'FORBIDDEN', message: 'no' } };
  expect(await post(server, '{"do":"cancel","job":7}')).toMatchObject({ status: 403, text: JSON.stringify(inspector.result) });
});

test('an act that fails unexpectedly, or whose result is no JSON, is answered without what went wrong inside', async () => {
  const { server, inspector } = await served();
  inspector.result = Promise.reject(new Error('secret'));
  inspector.result.catch(() => {});
  const failed = await post(server, '{"do":"pause"}');
  expect(failed.status).toBe(500);
  expect(failed.text).not.toContain('secret');
  inspector.result = { ok: true, value: 1n };
  expect(JSON.parse((await post(server, '{"do":"pause"}')).text)).toMatchObject({ ok: false, error: { code: 'UNENCODABLE' } });
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data; boundary=application/json', ''])(
  'a body of type "%s" is refused: a foreign page may send it unasked',
  async (type) => {
    const { server, inspector } = await served();
    expect((await post(server, '{"do":"pause"}', type === '' ? {} : { 'content-type': type })).status).toBe(415);
    expect(inspector.acts).toEqual([]);
  },
);

test.each([
  'null',
  '[]',
  '7',
  '{}',
  '{"do":"stop"}',
  '{"do":"cancel"}',
  '{"do":"cancel","job":"1"}',
  '{"do":"cancel","job":1.5}',
  '{"do":"call"}',
  '{"do":"call","method":""}',
  '{"do":"call","method":"a","urgency":9}',
  `{"do":"call","method":"${'a'.repeat(201)}"}`,
  '{"do',
  '',
])('%s is no act', async (body) => {
  const { server, inspector } = await served();
  const answer = await post(server, body);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({ ok: false });
  expect(inspector.acts).toEqual([]);
});

test('a body that is too large is not read to its end, whether it says how long it is or not', async () => {
  const { server, inspector } = await served();
  const body = `{"do":"call","method":"a","params":"${'x'.repeat(2 * 1024 * 1024)}"}`;
  const status = async (headers: Record<string, string>): Promise<unknown> => {
    try {
      return (await post(server, body, { ...json, ...headers })).status;
    } catch (error) {
      // It was closed while it was still being sent.
      return (error as NodeJS.ErrnoException).code;
    }
  };
  const refused = [413, 'ECONNRESET', 'EPIPE'];
  expect(refused).toContain(await status({ 'content-length': String(body.length) }));
  expect(refused).toContain(await status({ 'transfer-encoding': 'chunked' }));
  expect(inspector.acts).toEqual([]);
});

test('only so many calls are under way at once, and what ends or pauses them is done all the same', async () => {
  const { server, inspector } = await served();
  let finish: (result: ActResult) => void = () => {};
  inspector.result = new Promise((resolve) => (finish = resolve));
  const call = '{"do":"call","method":"slow"}';
  const running = Array.from({ length: 16 }, () => post(server, call));
  await until(inspector, 16);
  const refused = await post(server, call);
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([503, { ok: false, error: { code: 'BUSY' } }]);
  inspector.result = { ok: true };
  expect((await post(server, '{"do":"pause"}')).status).toBe(200);
  expect((await post(server, '{"do":"cancel","job":1}')).status).toBe(200);
  finish({ ok: true });
  expect(new Set((await Promise.all(running)).map(({ status }) => status))).toEqual(new Set([200]));
  expect((await post(server, call)).status).toBe(200);
});

test('anything but POST is told so, and OPTIONS gives no leave to another origin', async () => {
  const { server } = await served();
  for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
    const answer = await ask(server, below(server, 'act'), { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

async function until({ acts }: FakeInspector, count: number): Promise<void> {
  while (acts.length < count) await new Promise((resolve) => setImmediate(resolve));
}
