import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { deviceIds } from '../../scripts/vm/boot.ts';
import { portNames } from '../../scripts/vm/agents.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { needs } from './support/needs.ts';
import { pattern } from './support/pattern.ts';
import { testVm } from './support/vm.ts';

const name: string = portNames.agent;

needs(...vmPrograms)('a virtio-serial port, seen from the guest', () => {
  const machine = testVm([], ['port']);
  const run = (what: string, port = name) => machine.vm.control.run(`node /agent/port.js ${port} ${what}`);
  /** Runs it until the test is over; resolves when it has started. */
  const background = async (what: string): Promise<void> => {
    const pid = (await machine.vm.control.sh(`node /agent/port.js ${name} ${what} >/run/port.log 2>&1 & echo $!`)).trim();
    onTestFinished(async () => void (await machine.vm.control.run(`kill -9 ${pid}; while kill -0 ${pid}; do usleep 10000; done`)));
    // It has the port's descriptor open by then.
    await machine.vm.control.sh(`until ls -l /proc/${pid}/fd | grep -q vport; do usleep 20000; done`);
  };
  /** A bare host. QEMU accepts one at a time, and one more waits. */
  const host = async (): Promise<Socket> => {
    for (;;) {
      const socket = connect(machine.vm.sockets.agent);
      onTestFinished(() => void socket.destroy());
      const isThere = await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
      if (isThere) return socket.on('error', () => {});
      await pause(5);
    }
  };

  it('is found by its name and by its paths, whether or not udev has made a link', async () => {
    const device = (await machine.vm.control.sh(`grep -l ${name}$ /sys/class/virtio-ports/*/name`)).split('/').at(-2);
    for (const port of [name, `/dev/${device}`, `/dev/virtio-ports/${name}`]) {
      const { output } = await run('open', port);
      expect([port, output]).toEqual([port, '"waiting"\n']);
    }
  });

  it('that is not there, is none or is held by another process is refused in one line', async () => {
    const refused = async (port: string): Promise<{ code: string; message: string }> => {
      return JSON.parse((await run('open', port)).output) as { code: string; message: string };
    };
    const missing = await refused('org.virtagent.9');
    expect(missing.code).toBe('CHANNEL_NOT_FOUND');
    expect(missing.message).toMatch(/^virtio-serial org\.virtagent\.9: there is no port of that name; the ports are .*org\.virtagent\.0/);
    for (const path of ['/dev/null', '/dev/ttyS0', '/dev/vda', '/proc'])
      expect([path, (await refused(path)).code]).toEqual([path, 'CHANNEL_UNUSABLE']);
    await background('hold');
    const held = await refused(name);
    expect(held.code).toBe('CHANNEL_IN_USE');
    expect(held.message).toBe(`virtio-serial ${name}: another process holds the port, which can be open once at a time (EBUSY)`);
  });

  it('takes less than 2 % of a CPU while no host is there, and while one is there and silent', async () => {
    // What others do on this machine makes it more, never less: the guest counts it as time of its own.
    const least = async (what: string): Promise<number> => Math.min(...(JSON.parse((await run(what)).output) as number[]));
    expect(await least('away 5')).toBeLessThan(2);
    await host();
    expect(await least('idle 5')).toBeLessThan(2);
  });

  it.each([
    ['away-exit', 7],
    ['away-close', 0],
    ['idle-exit', 7],
    ['idle-close', 0],
    ['pending-exit', 7],
    ['pending-close', 0],
  ])('lets its process end: %s', async (what, code) => {
    // Deaf: what it does not read stays with QEMU and the guest.
    if (!what.startsWith('away')) (await host()).pause();
    const { exitCode, output } = await run(what);
    expect([exitCode, output]).toEqual([code, what.startsWith('pending') ? '{"isPending":true}\n' : '']);
  });

  // Without a pause the guest may hear a host before its kernel says that it is there: at one visit in a thousand.
  it.each([
    [3000, 0],
    [30, 5],
    [30, 50],
  ])('loses no message of %i hosts that come, %i ms after the last one left', async (visits, gap) => {
    await background('echo');
    for (let visit = 0; visit < visits; visit++) {
      const socket = await host();
      const text = `visit ${visit} ${'x'.repeat(50)}\n`;
      let answer = '';
      const isAnswered = new Promise<void>((resolve) => {
        socket.on('data', (chunk: Buffer) => {
          answer += chunk.toString();
          if (answer.length >= text.length) resolve();
        });
      });
      socket.write(text);
      await Promise.race([isAnswered, pause(20_000, undefined, { ref: false })]);
      expect(answer).toBe(text);
      socket.destroy();
      if (gap > 0) await pause(gap);
    }
  });

  it('carries 4 MiB both ways at once between slow readers, byte for byte', async () => {
    const length = 4 * 1024 * 1024;
    const digest = (seed: number): string => createHash('sha256').update(pattern(length, seed)).digest('hex');
    const socket = await host();
    const hash = createHash('sha256');
    let got = 0;
    const guest = run(`both ${length}`);
    socket.write(pattern(length, 2));
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        got += chunk.length;
        if (got >= length) return resolve();
        socket.pause();
        setTimeout(() => socket.resume(), 2);
      });
    });
    socket.write('.');
    expect((await guest).output).toBe(`"${digest(2)}"\n`);
    expect([got, hash.digest('hex')]).toEqual([length, digest(1)]);
  });

  it('is found again when it was unplugged and is plugged in elsewhere', async () => {
    await background('echo');
    const number = async (): Promise<string> => machine.vm.control.sh(`grep -l ${name}$ /sys/class/virtio-ports/*/name`);
    const numbers = [await number()];
    for (const nr of [9, 10, 11]) {
      const socket = await host();
      socket.write('before\n');
      await new Promise((resolve) => socket.once('data', resolve));
      await machine.vm.unplug();
      socket.destroy();
      await machine.vm.control.sh(`while grep -q ${name}$ /sys/class/virtio-ports/*/name; do usleep 20000; done`);
      const device = { driver: 'virtserialport', chardev: 'agent', name, id: deviceIds.agent, nr };
      await machine.vm.qmp.execute('device_add', device);
      const again = await host();
      again.write('after\n');
      const answer = await new Promise((resolve) => again.once('data', resolve));
      expect(String(answer)).toBe('after\n');
      again.destroy();
      numbers.push(await number());
    }
    expect(new Set(numbers).size).toBe(4);
  });
});
