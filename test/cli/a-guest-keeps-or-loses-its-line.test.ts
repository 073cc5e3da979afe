import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, run, start } from './support.ts';

test.each([
  ['virtagent-2', 'ready, virtagent-2'],
  ['virtagent-v7', 'ready, virtagent-v7: the guest has ping, capabilities, getfile, getdmesg, shutdown'],
])('a connecting guest ends with 5 when the line is lost: %s', async (protocol, ready) => {
  const path = join(folder(), 's');
  const host = start(['host', '-c', 'unix-listen', '-p', path]);
  await host.printed('stderr', 'listening');
  const guest = start(['guest', '-c', 'unix-connect', '-p', path, '--protocol', protocol]);
  await host.printed('stderr', ready);
  host.child.stdin?.end('.quit\n');
  const { code, stderr } = await guest.ended;
  expect(code).toBe(5);
  expect(stderr).toMatch(/connected: unix-connect [^]*the line ended: [^]*LINE_LOST: /);
});

test('with --retry it tries until there is a host, and comes back to the next', async () => {
  const path = join(folder(), 's');
  const guest = start(['guest', '-c', 'unix-connect', '-p', path, '--retry']);
  await guest.printed('stderr', /trying again: unix-connect .*: there is nothing at that address/);
  for (let turn = 0; turn < 2; turn++) {
    const { code, stdout } = await run(['host', '-q', '-c', 'unix-listen', '-p', path, '-e', 'ping']);
    expect([code, stdout]).toEqual([0, 'null\n']);
  }
  expect((await guest.stop()).code).toBe(0);
});

test('with --ping-host it calls the host again and again', async () => {
  const path = join(folder(), 's');
  const host = start(['host', '-q', '-c', 'unix-listen', '-p', path, '--trace']);
  const guest = start(['guest', '-q', '-c', 'unix-connect', '-p', path, '--retry', '--ping-host', '0.02']);
  await host.printed('stderr', /← request \S+ ping/, 3);
  expect(await guest.stop()).toMatchObject({ code: 0, stderr: '' });
});
