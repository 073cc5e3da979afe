import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, run, start } from './support.ts';

const protocol = ['--protocol', 'jsonrpc-lines'];

test('a call with --wait is made when the guest has come', async () => {
  const path = join(folder(), 's');
  const call = start(['call', 'ping', '-c', 'unix-connect', '-p', path, '--wait', '50', ...protocol]);
  start(['guest', '-c', 'unix-listen', '-p', path, ...protocol]);
  const { code, stderr } = await call.ended;
  expect([code, stderr]).toEqual([0, '']);
});

test.each(['unix-connect', 'qemu-chardev'])('a wait that is over ends with the reason and 4: %s', async (channel) => {
  const path = join(folder(), 's');
  const { code, stderr } = await run(['call', 'ping', '-c', channel, '-p', path, '--wait', '1', ...protocol]);
  expect(code).toBe(4);
  expect(stderr).toMatch(new RegExp(`^virtagent: CHANNEL_NOT_FOUND: ${channel} .*; waited 1 s\n`));
});

test.each([
  ['--wait', '0', /--wait is "0"; it takes seconds/],
  ['--baud', '9600', /--baud is 9600; it takes --channel isa-serial/],
  ['--qmp', '/q', /--qmp is "\/q"; it takes --channel qemu-chardev/],
])('%s %s is refused where it can not be meant', async (option, value, message) => {
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', '/s', option, value]);
  expect([code, message.test(stderr)]).toEqual([2, true]);
});
