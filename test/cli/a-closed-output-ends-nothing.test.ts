import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentAt, folder, guestAt, hostAt, start, type Run } from './support.ts';

test('a call whose output nobody reads ends as the call ended', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const call = start(['call', 'getdmesg', '-c', 'unix-connect', '-p', path]);
  call.child.stdout?.destroy();
  expect(await call.ended).toMatchObject({ code: expect.toBeOneOf([0, 1]) as number, signal: null });
  const failing = start(['call', 'nope', '-c', 'unix-connect', '-p', path]);
  failing.child.stdout?.destroy();
  failing.child.stderr?.destroy();
  expect(await failing.ended).toMatchObject({ code: 1, signal: null });
});

/** Runs `virtagent ARGS` with a full disk as standard output. */
async function runOnFullDisk(args: readonly string[]): Promise<Run> {
  return start(args, { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] }).ended;
}

test.each([
  ['a call', ['call', 'capabilities']],
  ['a copy', ['copy', 'guest:/etc/hostname', '-']],
])('an output that can not be written to is an error: %s', async (_, args) => {
  const path = join(folder(), 's');
  await guestAt(path, '--allow-read', '/etc');
  const { code, stderr } = await runOnFullDisk([...args, '-c', 'unix-connect', '-p', path]);
  expect(stderr).toBe('virtagent: OUTPUT_FAILED: standard output can not be written (ENOSPC)\n  → Make room, or name another place.\n');
  expect(code).toBe(70);
});

test.each([[['--version']], [['--help']], [['diagram']], [['diagram', 'link']]])(
  'so it is where nothing else is done than to print: %s',
  async (args) => {
    const { code, stderr } = await runOnFullDisk([...args]);
    expect(stderr).toMatch(/^virtagent: OUTPUT_FAILED: standard output can not be written \(ENOSPC\)\n {2}→ /);
    expect(code).toBe(70);
  },
);

test('with --json it is JSON too', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { stderr } = await runOnFullDisk(['call', 'ping', '--json', '-c', 'unix-connect', '-p', path]);
  expect(JSON.parse(stderr)).toEqual({
    code: 'OUTPUT_FAILED',
    message: 'standard output can not be written (ENOSPC)',
    remedy: 'Make room, or name another place.',
  });
});

test("so it is for a command's output, whatever the command ended with", async () => {
  const line = await agentAt({
    'guest-exec': () => ({ pid: 7 }),
    'guest-exec-status': () => ({ exited: true, exitcode: 0, 'out-data': 'b3V0' }),
  });
  const { code, stderr } = await runOnFullDisk(['exec', ...line, '--', 'true']);
  expect(stderr).toMatch(/^virtagent: OUTPUT_FAILED: standard output can not be written \(ENOSPC\)\n/);
  expect(code).toBe(125);
});

test('a guest whose log nobody reads goes on serving', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path);
  guest.child.stderr?.destroy();
  for (let turn = 0; turn < 3; turn++) {
    const host = await hostAt(path);
    expect(await host.call('ping')).toBeNull();
    await host.stop();
  }
  expect(await guest.stop()).toMatchObject({ code: 0, signal: null });
});

test('a guest on stdio whose answers nobody reads has lost its line', async () => {
  const guest = start(['guest', '-c', 'stdio', '--protocol', 'jsonrpc-lines']);
  guest.child.stdout?.destroy();
  guest.child.stdin?.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  const { code, signal, stderr } = await guest.ended;
  expect([code, signal]).toEqual([5, null]);
  expect(stderr).toMatch(/LINE_LOST: .*EPIPE/);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a host whose results nobody reads ends', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const host = start(['host', '-c', 'unix-connect', '-p', path]);
  host.child.stdout?.destroy();
  host.child.stdin?.write('ping\n');
  expect(await host.ended).toMatchObject({ code: 0, signal: null });
});

test('a copy to standard output that nobody reads any more ends, and needs no error', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'big'), Buffer.alloc(64 * 1024 * 1024));
  await guestAt(join(dir, 's'), '--allow-read', dir);
  const copy = start(['copy', `guest:${dir}/big`, '-', '-c', 'unix-connect', '-p', join(dir, 's')]);
  copy.child.stdout?.once('data', () => copy.child.stdout?.destroy());
  expect(await copy.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('a demo whose output nobody reads ends, and its guest with it', async () => {
  const demo = start(['demo']);
  await demo.printed('stdout', 'getfile: 100 %');
  demo.child.stdout?.destroy();
  demo.child.kill('SIGINT');
  expect(await demo.ended).toMatchObject({ code: 0, signal: null });
});
