import { chmodSync, existsSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { answered, folder, guestAt, hostAt } from './support.ts';

/** A program that notes its arguments, a line each, and then ends as told. */
function program(dir: string, end = ''): string {
  const path = join(dir, 'end machine; $(touch hacked)');
  writeFileSync(path, `#!/bin/sh\nfor one; do echo "$one"; done > '${dir}/part'\nmv '${dir}/part' '${dir}/ran'\n${end}\n`);
  chmodSync(path, 0o755);
  return path;
}

function appeared(dir: string, name: string): Promise<string> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (existsSync(join(dir, name))) resolve(readFileSync(join(dir, name), 'utf8'));
    };
    const watching = watch(dir, look);
    onTestFinished(() => watching.close());
    look();
  });
}

test('without --allow-shutdown it is refused', async () => {
  const socket = join(folder(), 's');
  await guestAt(socket, '--protocol', 'virtagent-v7');
  const host = await hostAt(socket, 'virtagent-v7');
  expect(await answered(host.call('shutdown', { shutdown_mode: 'halt' }))).toEqual({
    code: 'REMOTE_ERROR',
    number: -13,
    message: 'EACCES: shutdown is not allowed here: --allow-shutdown',
  });
});

test.each(['halt', 'powerdown', 'reboot'])('the command is run with the mode %s as its one argument, without a shell', async (mode) => {
  const dir = folder();
  const guest = await guestAt(join(dir, 's'), '--allow-shutdown', program(dir), '--protocol', 'virtagent-v7');
  const host = await hostAt(join(dir, 's'), 'virtagent-v7');
  expect(await host.call('shutdown', { shutdown_mode: mode })).toBeUndefined();
  expect(await appeared(dir, 'ran')).toBe(`${mode}\n`);
  expect(existsSync('hacked')).toBe(false);
  await guest.printed('stderr', `shutdown: ${mode}`);
});

test('a mode that is none of the three is refused, and so are parameters that are no object', async () => {
  const dir = folder();
  await guestAt(join(dir, 's'), '--allow-shutdown', program(dir), '--protocol', 'virtagent-v7');
  const host = await hostAt(join(dir, 's'), 'virtagent-v7');
  for (const params of [undefined, {}, { shutdown_mode: 'explode' }, { shutdown_mode: ['halt'] }, { shutdown_mode: 'halt', now: true }])
    expect(await answered(host.call('shutdown', params))).toMatchObject({ code: 'INVALID_PARAMS', number: -22 });
  expect(await host.call('ping')).toBeUndefined();
  expect(existsSync(join(dir, 'ran'))).toBe(false);
});

test('a command that can not be started is an error, and one that fails is logged', async () => {
  const dir = folder();
  const [absent, failing] = [join(dir, 's1'), join(dir, 's2')];
  await guestAt(absent, '--allow-shutdown', program(dir), '--protocol', 'virtagent-v7');
  rmSync(program(dir));
  const error = await answered((await hostAt(absent, 'virtagent-v7')).call('shutdown', { shutdown_mode: 'halt' }));
  expect(error).toMatchObject({ number: -8, message: 'ENOEXEC: the shutdown command can not be started (ENOENT)' });
  const guest = await guestAt(failing, '--allow-shutdown', program(dir, 'exit 3'), '--protocol', 'virtagent-v7');
  await (await hostAt(failing, 'virtagent-v7')).call('shutdown', { shutdown_mode: 'halt' });
  await guest.printed('stderr', 'the shutdown command ended with 3');
});
