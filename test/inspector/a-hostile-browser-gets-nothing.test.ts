import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { serveInspector } from '../../inspector/server.ts';
import { ask, below, FakeInspector, served } from './support/requests.ts';

test('without the token there is nothing, and the answer does not say how near a guess was', async () => {
  const { server } = await served();
  const path = below(server);
  const wrong = [
    '/',
    '/records',
    '/favicon.ico',
    path.slice(0, -2),
    `${path.slice(0, -2)}${path.at(-2) === 'x' ? 'y' : 'x'}/`,
    `${path.slice(0, -1)}x/records`,
    path.toUpperCase(),
    `/x${path}`,
    `/${path}`,
    '/%2e%2e/',
    `/${'x'.repeat(5000)}/`,
  ];
  const answers = await Promise.all(wrong.map((one) => ask(server, one)));
  expect(answers.map(({ status, text }) => [status, text])).toEqual(wrong.map(() => [403, 'the token is wrong\n']));
});

test('a token has 192 bits and is another each time', async () => {
  const [first, second] = await Promise.all([served(), served()]);
  const token = below(first.server).slice(1, -1);
  expect(token).toMatch(/^[\w-]{32}$/);
  expect(below(second.server)).not.toBe(below(first.server));
});

test('a token of too few bits is not taken', async () => {
  await expect(served({ token: 'secret' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('a name that somebody gave this address is not this host', async () => {
  const { server } = await served();
  const path = below(server);
  const status = async (host: string): Promise<number> => (await ask(server, path, { headers: { host } })).status;
  for (const host of ['evil.example', `evil.example:${server.port}`, 'localhost.evil.example', '10.0.0.1', 'evil.example@localhost'])
    expect([host, await status(host)]).toEqual([host, 421]);
  for (const host of [`127.0.0.1:${server.port}`, 'localhost', 'LOCALHOST:1234', '[::1]:9000'])
    expect([host, await status(host)]).toEqual([host, 200]);
});

test('a page of another origin may ask for nothing, though it has the token', async () => {
  const { server, inspector } = await served();
  const host = `localhost:${server.port}`;
  const foreign = ['http://evil.example', `https://${host}`, 'http://localhost:1', 'null', 'file://'];
  for (const origin of foreign) {
    for (const path of ['', 'records', 'recording']) {
      expect((await ask(server, below(server, path), { headers: { host, origin } })).status).toBe(403);
    }
    const act = await ask(server, below(server, 'act'), {
      method: 'POST',
      headers: { host, origin, 'content-type': 'application/json' },
      body: '{"do":"pause"}',
    });
    expect(act.status).toBe(403);
    expect(act.headers['access-control-allow-origin']).toBeUndefined();
  }
  expect(inspector.acts).toEqual([]);
  expect((await ask(server, below(server), { headers: { host, origin: `http://${host}` } })).status).toBe(200);
});

test('what a browser says comes from another site is refused, but for a link that was followed', async () => {
  const { server } = await served();
  const from = (site: string, mode: string, dest: string): Record<string, string> => ({
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    'sec-fetch-dest': dest,
  });
  const status = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await ask(server, below(server, path), { headers })).status;
  expect(await status('', from('cross-site', 'no-cors', 'script'))).toBe(403);
  expect(await status('', from('same-site', 'navigate', 'iframe'))).toBe(403);
  expect(await status('recording', from('cross-site', 'navigate', 'document'))).toBe(403);
  expect(await status('', from('cross-site', 'navigate', 'document'))).toBe(200);
  expect(await status('', from('none', 'navigate', 'document'))).toBe(200);
  expect(await status('', from('same-origin', 'cors', 'empty'))).toBe(200);
});

test('every answer says that nothing is kept, framed, guessed, or told to others', async () => {
  const { server } = await served({ page: new Map([['index.html', { type: 'text/html', bytes: Buffer.from('<p>') }]]) });
  const answers = await Promise.all([
    ask(server, below(server)),
    ask(server, below(server, 'nothing')),
    ask(server, '/wrong/'),
    ask(server, below(server, 'act')),
    ask(server, below(server, 'recording')),
  ]);
  for (const { headers } of answers) {
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  }
});

test('who asks for another protocol without the token, and stays, is cut off and holds up no end', async () => {
  const server = await serveInspector(new FakeInspector(), { onUpgrade: () => true });
  const upgrade = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nmore`;
  const stays = (path: string) => {
    const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true });
    socket.on('error', () => {}).resume();
    socket.write(upgrade(path));
    return socket;
  };
  const refused = Array.from({ length: 64 }, () => stays('/wrong/xstate'));
  await Promise.all(refused.map((socket) => new Promise((resolve) => socket.once('end', resolve))));
  // More connections than these are not taken.
  expect((await ask(server, below(server))).status).toBe(200);
  const taken = stays(below(server, 'xstate'));
  await new Promise((resolve) => taken.once('connect', resolve));
  await server.close();
  for (const socket of [...refused, taken]) socket.destroy();
});
