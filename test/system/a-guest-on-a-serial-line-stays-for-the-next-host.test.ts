import { expect, test } from 'vitest';
import { run, start } from '../cli/support.ts';
import { needs } from './support/needs.ts';
import { ptyPair } from './support/pty.ts';

needs('socat')('a guest on a serial line', () => {
  test.each(['virtagent-2', 'virtagent-v7', 'jsonrpc-lines'])('answers one host after the other: %s', async (protocol) => {
    const { left, right } = await ptyPair();
    const guest = start(['guest', '-c', 'isa-serial', '-p', right, '--protocol', protocol]);
    await guest.printed('stderr', 'connected');
    for (let host = 0; host < 3; host++) {
      const { code, stdout } = await run(['call', 'ping', '-c', 'isa-serial', '-p', left, '--protocol', protocol]);
      expect([code, stdout]).toEqual([0, 'null\n']);
    }
    expect(await guest.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('answers the next when the one before was killed', async () => {
    const { left, right } = await ptyPair();
    const guest = start(['guest', '-c', 'isa-serial', '-p', right]);
    const host = start(['host', '-c', 'isa-serial', '-p', left]);
    await host.printed('stderr', 'ready');
    await host.stop('SIGKILL');
    expect(await run(['call', 'ping', '-c', 'isa-serial', '-p', left])).toMatchObject({ code: 0 });
    await guest.stop();
  });

  test('ends with 5 when its port is gone', async () => {
    const { left, right, hangUp } = await ptyPair();
    const guest = start(['guest', '-c', 'isa-serial', '-p', right]);
    await run(['call', 'ping', '-c', 'isa-serial', '-p', left]);
    await hangUp();
    const { code, stderr } = await guest.ended;
    expect(code).toBe(5);
    expect(stderr).toMatch(/virtagent: LINE_LOST: the line was lost: isa-serial /);
  });

  test('with --retry it stays then too', async () => {
    const { right, hangUp } = await ptyPair();
    const guest = start(['guest', '-c', 'isa-serial', '-p', right, '--retry']);
    await guest.printed('stderr', 'connected');
    await hangUp();
    await guest.printed('stderr', 'trying again');
    expect(await guest.stop()).toMatchObject({ code: 0 });
  });
});
