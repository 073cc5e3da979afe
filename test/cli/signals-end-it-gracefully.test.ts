import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder, guestAt, hostAt, plainEnv, start, type Running } from './support.ts';

/** A guest that owes answers which its host does not read, and so has something to finish. */
async function busyGuest(...options: string[]): Promise<{ guest: Running; host: Socket; answers: () => Promise<number> }> {
  const dir = folder();
  writeFileSync(join(dir, 'file'), Buffer.alloc(1024 * 1024, 'x'));
  const guest = await guestAt(join(dir, 's'), '--protocol', 'jsonrpc-lines', '--allow-read', dir, ...options);
  const host = connect(join(dir, 's'));
  onTestFinished(() => void host.destroy());
  host.on('error', () => {});
  const request = (id: number): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'getfile', params: { path: join(dir, 'file') } })}\n`;
  host.write([1, 2, 3].map(request).join(''));
  await once(host, 'readable');
  const answers = async (): Promise<number> => {
    let text = '';
    host.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    await once(host, 'end');
    return text.split('\n').filter((line) => line.includes('"result"')).length;
  };
  return { guest, host, answers };
}

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends an idle guest with 0, and its socket is gone', async (signal) => {
  const path = join(folder(), 's');
  const guest = await guestAt(path);
  const host = await hostAt(path);
  await host.call('ping');
  const { code, stderr } = await guest.stop(signal);
  expect(code).toBe(0);
  expect(stderr).toContain(`${signal}: finishing what runs`);
  expect(stderr).toMatch(/virtagent: stopped\n$/);
  expect(existsSync(path)).toBe(false);
});

test('what runs is finished and answered first', async () => {
  const { guest, answers } = await busyGuest();
  guest.child.kill('SIGTERM');
  await guest.printed('stderr', 'finishing what runs');
  expect(await answers()).toBe(3);
  expect((await guest.ended).code).toBe(0);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends it at once', async (signal, code) => {
  const { guest } = await busyGuest();
  guest.child.kill('SIGTERM');
  await guest.printed('stderr', 'finishing what runs');
  const ended = await guest.stop(signal);
  expect(ended.code).toBe(code);
  expect(ended.stderr).not.toContain('virtagent: stopped');
});

test('a SIGHUP is no second signal: a terminal that is closed may send more than one', async () => {
  const { guest, answers } = await busyGuest();
  guest.child.kill('SIGHUP');
  await guest.printed('stderr', 'finishing what runs');
  guest.child.kill('SIGHUP');
  expect(await answers()).toBe(3);
  expect((await guest.ended).code).toBe(0);
});

test("npm's own copy of a Ctrl-C does not count as a second one", async () => {
  const path = join(folder(), 's');
  const guest = start(['guest', '-c', 'unix-listen', '-p', path], { env: { ...plainEnv, npm_lifecycle_event: 'start' } });
  await guest.printed('stderr', 'listening');
  guest.child.kill('SIGINT');
  guest.child.kill('SIGINT');
  expect((await guest.ended).code).toBe(0);
});

test.each([
  ['connects to nobody', ['-c', 'unix-connect', '--retry', '-p'], 'trying again'],
  ['listens for nobody', ['-c', 'unix-listen', '-p'], 'listening'],
])('a guest that %s ends with 0', async (_, line, printed) => {
  const guest = start(['guest', ...line, join(folder(), 's')]);
  await guest.printed('stderr', printed);
  expect((await guest.stop()).code).toBe(0);
});

test('a guest whose host never answers does not wait for it', async () => {
  const path = join(folder(), 's');
  const host = createServer((socket) => void socket.on('error', () => {}).resume()).listen(path);
  onTestFinished(() => void host.close());
  await once(host, 'listening');
  const guest = start(['guest', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--ping-host', '0.01', '--trace']);
  await guest.printed('stderr', /→ request.*ping/);
  expect((await guest.stop()).code).toBe(0);
});

test('a host that waits for lines ends with 0', async () => {
  const host = start(['host', '-c', 'unix-listen', '-p', join(folder(), 's')]);
  await host.printed('stderr', 'listening');
  const { code, stderr } = await host.stop();
  expect(stderr).toContain('finishing what runs');
  expect(code).toBe(0);
});

test('a host of piped lines whose call is out cancels it, as a call does', async () => {
  const path = join(folder(), 's');
  const guest = createServer((socket) => void socket.on('error', () => {}).resume()).listen(path);
  onTestFinished(() => void guest.close());
  await once(guest, 'listening');
  const host = start(['host', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--trace']);
  host.child.stdin?.write('ping\n');
  await host.printed('stderr', '→ request');
  const { code, stderr } = await host.stop();
  expect(stderr).toContain('CANCELLED: ping was cancelled');
  expect(code).toBe(143);
});

test('parameters that do not end are not waited for', async () => {
  const call = start(['call', 'ping', '-', '-c', 'unix-connect', '-p', '/none']);
  // More than a pipe holds: when it is taken, it is being read.
  call.child.stdin?.write(' '.repeat(1024 * 1024));
  await once(call.child.stdin as NodeJS.WritableStream, 'drain');
  const { code, stderr } = await call.stop('SIGINT');
  expect(stderr).toMatch(/^virtagent: CANCELLED: standard input was not read to its end/);
  expect(code).toBe(130);
});
