import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serveInspector } from '../../inspector/server.ts';
import { ask, below, FakeInspector, served } from './support/requests.ts';

function pageFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'va-page-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'page');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'page.js'), 'let a;');
  writeFileSync(join(parent, 'secret.txt'), 'secret');
  symlinkSync(join(parent, 'secret.txt'), join(folder, 'assets', 'link.txt'));
  return folder;
}

test('the page and its assets are given with their types', async () => {
  const { server } = await served({ page: pageFolder() });
  expect(await ask(server, below(server))).toMatchObject({
    status: 200,
    text: '<!doctype html>',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
  expect(await ask(server, below(server, 'assets/page.js?v=1'))).toMatchObject({
    status: 200,
    text: 'let a;',
    headers: { 'content-type': 'text/javascript; charset=utf-8' },
  });
  expect(await ask(server, below(server).slice(0, -1))).toMatchObject({ status: 308, headers: { location: below(server) } });
});

test.each([
  '../secret.txt',
  'assets/../../secret.txt',
  '%2e%2e/secret.txt',
  '..%2fsecret.txt',
  'assets/..%5c..%5csecret.txt',
  'assets/link.txt',
  'assets',
  'assets/',
  'assets/page.js%00',
])('%s leads nowhere', async (path) => {
  const { server } = await served({ page: pageFolder() });
  expect(await ask(server, below(server, path))).toMatchObject({ status: 404, text: 'there is no such file\n' });
});

test('HEAD gives the headers alone, and other methods nothing', async () => {
  const { server } = await served({ page: pageFolder() });
  expect(await ask(server, below(server), { method: 'HEAD' })).toMatchObject({
    status: 200,
    text: '',
    headers: { 'content-length': '15' },
  });
  expect(await ask(server, below(server, 'records'), { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  expect(await ask(server, below(server, 'recording'), { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    expect(await ask(server, below(server), { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

test('without the page there is a line that says what to do', async () => {
  const { server } = await served({ page: join(pageFolder(), 'nothing-here') });
  const { status, text } = await ask(server, below(server));
  expect(status).toBe(200);
  expect(text).toContain('virtagent top --inspect ADDRESS');
});

test('a port in use is an error that names the address and the option', async () => {
  const { server } = await served();
  await expect(serveInspector(new FakeInspector(), { port: server.port, option: '--inspect' })).rejects.toMatchObject({
    code: 'CHANNEL_IN_USE',
    message: `the inspector's address 127.0.0.1:${server.port} (--inspect): another process listens there (EADDRINUSE)`,
  });
});

test.each([[{ port: -1 }], [{ port: 65_536 }], [{ port: 1.5 }], [{ host: '' }]])('%j is not allowed', async (options) => {
  await expect(served(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});
