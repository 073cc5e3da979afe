import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { tcpConnect, tcpListen } from '../../transport/channels/index.ts';
import { freePort } from '../support/free-port.ts';
import { asNobody, bytes, closing, codeOf, failure, line, never, peer, server } from './support.ts';

const hasV6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === '::1');

test('a listening end tells the port that the system chose, and its name does', async () => {
  const channel = closing(tcpListen({ port: 0 }));
  expect(channel).toMatchObject({ name: 'tcp-listen 127.0.0.1:0', reopens: true });
  expect(channel.address()).toBeNull();
  await channel.listen();
  const address = channel.address();
  expect(address).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
  expect(channel.name).toBe(`tcp-listen 127.0.0.1:${address?.port}`);
});

test('two channels make a line', async () => {
  const listening = closing(tcpListen({ port: 0 }));
  await listening.listen();
  const connecting = closing(tcpConnect({ port: listening.address()?.port ?? 0 }));
  for (let round = 0; round < 3; round += 1) {
    const [one, other] = await Promise.all([line(connecting), line(listening)]);
    one.write('ping');
    expect(await bytes(other, 4)).toBe('ping');
    other.end('pong');
    expect(await bytes(one, 4)).toBe('pong');
    one.destroy();
    other.destroy();
  }
});

test('a host name is looked up', async () => {
  const listening = closing(tcpListen({ host: 'localhost', port: 0 }));
  await listening.listen();
  const connecting = closing(tcpConnect({ host: 'localhost', port: listening.address()?.port ?? 0 }));
  const [one, other] = await Promise.all([line(connecting), line(listening)]);
  one.write('ping');
  expect(await bytes(other, 4)).toBe('ping');
});

test.skipIf(!hasV6)('an IPv6 address is shown in brackets', async () => {
  const channel = closing(tcpListen({ host: '::1', port: 0 }));
  await channel.listen();
  const { port } = channel.address() as AddressInfo;
  expect(channel.name).toBe(`tcp-listen [::1]:${port}`);
  await line(closing(tcpConnect({ host: '::1', port })));
});

test('CHANNEL_REFUSED: nobody listens, by address or by a name of several', async () => {
  const port = await freePort();
  expect(await codeOf(tcpConnect({ port }).open(never), `tcp-connect 127.0.0.1:${port}`)).toBe('CHANNEL_REFUSED');
  expect(await codeOf(tcpConnect({ host: 'localhost', port }).open(never), `tcp-connect localhost:${port}`)).toBe('CHANNEL_REFUSED');
});

test('CHANNEL_IN_USE: another listens; the port can be had once it has gone', async () => {
  const port = await freePort();
  const other = await server({ host: '127.0.0.1', port });
  const channel = closing(tcpListen({ port }));
  expect(await codeOf(channel.listen(), `tcp-listen 127.0.0.1:${port}`)).toBe('CHANNEL_IN_USE');
  expect(await codeOf(channel.open(never), `tcp-listen 127.0.0.1:${port}`)).toBe('CHANNEL_IN_USE');
  other.close();
  await channel.listen();
  await peer({ port });
});

test('CHANNEL_DENIED: a port that this user may not have', async ({ skip }) => {
  const { readFileSync } = await import('node:fs');
  if (Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 81) skip();
  expect(await asNobody(() => codeOf(closing(tcpListen({ port: 81 })).listen(), ':81'))).toBe('CHANNEL_DENIED');
});

test('CHANNEL_NOT_FOUND or CHANNEL_FAILED: a host that has no address (without a network the resolver can not tell)', async () => {
  for (const channel of [tcpConnect({ host: 'no.such.invalid', port: 9 }), tcpListen({ host: 'no.such.invalid', port: 0 })]) {
    expect(await codeOf(channel.open(never), 'no.such.invalid')).toMatch(/^CHANNEL_(NOT_FOUND|FAILED)$/);
  }
});

test('CHANNEL_FAILED: an address of another machine can not be listened at; the cause says so', async () => {
  const error = await failure(tcpListen({ host: '192.0.2.1', port: 0 }).listen());
  expect(error).toMatchObject({ code: 'CHANNEL_FAILED', cause: { code: 'EADDRNOTAVAIL' } });
});

test.each([-1, 65_536, 1.5, Number.NaN, '80' as unknown as number, undefined as unknown as number])('INVALID_OPTION: port %s', (port) => {
  const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error;
  expect(() => tcpListen({ port })).toThrow(refused);
  expect(() => tcpConnect({ port })).toThrow(refused);
});

test('INVALID_OPTION: connecting to port 0, or to no host', () => {
  const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error;
  expect(() => tcpConnect({ port: 0 })).toThrow(refused);
  expect(() => tcpConnect({ host: '', port: 80 })).toThrow(refused);
  expect(() => tcpListen({ host: '', port: 80 })).toThrow(refused);
});
