import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { errorTable, VirtagentError, type ErrorCode } from '../../actors/index.ts';
import { exitCodes, exitNameOf } from '../../cli/exit-codes.ts';
import { folder, guestAt, plainEnv, run, start } from './support.ts';

/** A listener that takes whatever comes and does as told. */
async function listener(path: string, onPeer: (socket: import('node:net').Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onPeer(socket);
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}

test('0: the call went well', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { code, stdout, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path]);
  expect([code, stdout, stderr]).toEqual([0, 'null\n', '']);
});

test('1: the other side answered with an error', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { code, stdout, stderr } = await run(['call', 'getfile', '{"path":"/etc/passwd"}', '-c', 'unix-connect', '-p', path]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^virtagent: REMOTE_ERROR: EACCES: .*\(known: executed, its number: -13\)\n {2}→ Correct what the message names/);
});

test('1: the other side has no such method', async () => {
  const path = join(folder(), 's');
  await guestAt(path, '--protocol', 'jsonrpc-lines');
  const { code, stderr } = await run(['call', 'nope', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^virtagent: METHOD_NOT_FOUND: .*known: refused/);
});

test('2: an option is not allowed', async () => {
  expect((await run(['call', 'ping', '-c', 'nope'])).code).toBe(2);
});

test('3: nobody answered in time', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume());
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '0.3']);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^virtagent: TIMEOUT: ping had no response within its deadline \(known: not-sent\)\n {2}→ Raise --timeout/);
});

test('124: no agent answered, so the command was not started', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume());
  const line = ['-c', 'unix-connect', '-p', path, '--protocol', 'qemu-ga', '--no-stdin'];
  const { code, stderr } = await run(['exec', ...line, '--timeout', '0.3', '--', 'true']);
  expect(code).toBe(124);
  expect(stderr).toMatch(/^virtagent: TIMEOUT: "true" was not started within 0\.3 s \(known: not-sent\)\n/);
  expect(stderr).toContain('Nothing came back: does an agent run at the other end, and no other program hold the line?');
});

test('3: nobody came to a listening call in time', async () => {
  const path = join(folder(), 's');
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-listen', '-p', path, '--timeout', '0.3']);
  expect(code).toBe(3);
  expect(stderr).toContain(`nobody was at the other end of unix-listen ${path}`);
  expect(stderr).toMatch(/\n {2}→ Start the other side, or correct --path\.\n$/);
});

test('4: the line could not be opened, however long the call would have waited', async () => {
  expect((await run(['call', 'ping', '-c', 'unix-connect', '-p', join(folder(), 'none')])).code).toBe(4);
});

test('5: the line was lost', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.once('data', () => socket.destroy()));
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines']);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^virtagent: LINE_LOST: .*\(known: perhaps-executed\)/);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('a call that %s cancels ends with %i', async (signal, code) => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume());
  const call = start(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines', '--trace']);
  await call.printed('stderr', '→ request');
  const ended = await call.stop(signal);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toMatch(
    /^virtagent: CANCELLED: ping was cancelled \(known: perhaps-executed\)\n {2}→ Repeat it if it is still wanted/m,
  );
});

test.each(['Promise.reject(new Error("boom"))', 'process.nextTick(() => { throw new Error("boom") })'])(
  '70: what nobody caught ends it with a message: %s',
  async (code) => {
    const preload = `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => void ${code})`)}`;
    const guest = start(['guest', '-c', 'unix-listen', '-p', join(folder(), 's')], {
      env: { ...plainEnv, NODE_OPTIONS: `--import=${preload}` },
    });
    await guest.printed('stderr', 'listening');
    const ended = await guest.stop('SIGUSR2');
    expect(ended.stderr).toContain('virtagent: INTERNAL: Error: boom\n  → This is an error in virtagent: please report it');
    expect(ended.code).toBe(70);
  },
);

test('every error code leads to an exit code that is not 0', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    expect(exitCodes[exitNameOf(new VirtagentError(code, ''))].code).toBeGreaterThan(0);
    expect(exitNameOf(new VirtagentError(code, '', { remote: { code: -1, message: '' } }))).toBe('remote');
  }
  expect(exitNameOf(new TypeError())).toBe('internal');
});
