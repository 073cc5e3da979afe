import { openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, guestAt, hostAt, start } from './support.ts';

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

test('an output that can not be written to is an error', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const call = start(['call', 'capabilities', '-c', 'unix-connect', '-p', path], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
  const { code, stderr } = await call.ended;
  expect(stderr).toMatch(/^virtagent: OUTPUT_FAILED: standard output: ENOSPC/);
  expect(code).toBe(70);
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

test('a demo whose output nobody reads ends, and its guest with it', async () => {
  const demo = start(['demo']);
  await demo.printed('stdout', 'getfile: 100 %');
  demo.child.stdout?.destroy();
  demo.child.kill('SIGINT');
  expect(await demo.ended).toMatchObject({ code: 0, signal: null });
});
