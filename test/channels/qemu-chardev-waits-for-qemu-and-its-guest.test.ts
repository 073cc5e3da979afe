import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { SimulatedClock } from 'xstate';
import { describe, expect, onTestFinished, test } from 'vitest';
import { qemuChardev } from '../../transport/channels/qemu-chardev.ts';
import { countConnections } from '../../transport/channels/unix-table.ts';
import { findChardev } from '../../transport/channels/qemu-chardevs.ts';
import { VirtagentError } from '../../transport/errors.ts';
import { realClock } from '../../transport/timers.ts';
import { FakeQemu } from './fake-qemu.ts';
import { closing, ending, failure, never, peer, turns, until } from './support.ts';

/** Lets time pass until the promise is settled, or so much has passed. */
async function passing<Value>(clock: SimulatedClock, promise: Promise<Value>, ms = 120_000): Promise<Value> {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  promise.then(settle, settle);
  for (let passed = 0; !isSettled && passed < ms; passed += 10) {
    await turns(2);
    clock.increment(10);
  }
  return promise;
}

/** Why a line ends. */
async function ends(line: Duplex): Promise<unknown> {
  line.resume();
  await new Promise((resolve) => line.once('close', resolve));
  return line.errored;
}

describe('qemu-chardev without QMP', () => {
  test('waits for the socket to appear', async () => {
    const clock = new SimulatedClock();
    const qemu = new FakeQemu();
    const opening = closing(qemuChardev({ path: qemu.path, clock, random: () => 0 })).open(never);
    await passing(clock, Promise.race([opening, turns(200)]), 5_000);
    await qemu.start();
    ending(await passing(clock, opening));
    expect(qemu.clients).toHaveLength(1);
  });

  test('says after 30 s what is missing', async () => {
    const clock = new SimulatedClock();
    const error = await passing(clock, failure(closing(qemuChardev({ path: new FakeQemu().path, clock })).open(never)));
    expect(error.code).toBe('CHANNEL_NOT_FOUND');
    expect(error.message).toMatch(/^qemu-chardev \/.*there is nothing at that address.*waited 30 s$/);
    expect(clock.now()).toBeLessThan(31_000);
  });

  test('does not wait where told not to, nor for what will not pass', async () => {
    const { path } = new FakeQemu();
    expect((await failure(closing(qemuChardev({ path, waitMs: 0 })).open(never))).code).toBe('CHANNEL_NOT_FOUND');
    expect(() => qemuChardev({ path, waitMs: -1 })).toThrow('waitMs is -1');
    expect(() => qemuChardev({ path: 'x'.repeat(300) })).toThrow('the path has 300 bytes');
    expect(() => qemuChardev({} as never)).toThrow('path is');
  });

  test('can be aborted while it waits', async () => {
    const clock = new SimulatedClock();
    const abort = new AbortController();
    const opening = closing(qemuChardev({ path: new FakeQemu().path, clock })).open(abort.signal);
    await turns();
    abort.abort('enough');
    await expect(opening).rejects.toBe('enough');
  });

  // The shorter wait is over before the first attempt is.
  const waits = process.platform === 'linux' ? [500, 5_000] : [];
  test.each(waits)('tells that another program holds the chardev, without getting in its way: after %i ms', async (waitMs) => {
    const clock = new SimulatedClock();
    const qemu = await new FakeQemu().start();
    const other = await peer({ path: qemu.path });
    await until(() => qemu.clients.length === 1);
    const channel = closing(qemuChardev({ path: qemu.path, clock, waitMs }));
    const error = await passing(clock, failure(channel.open(never)));
    expect([error.code, error.message]).toEqual(['CHANNEL_IN_USE', expect.stringContaining('one at a time')]);
    expect(qemu.clients).toHaveLength(1);
    other.destroy();
    ending(await passing(clock, channel.open(never)));
  });

  test('opens again after a line', async () => {
    const qemu = await new FakeQemu().start();
    const channel = closing(qemuChardev({ path: qemu.path }));
    for (let n = 1; n <= 3; n++) {
      const line = ending(await channel.open(never));
      await until(() => qemu.clients.length === n);
      line.destroy();
    }
  });
});

describe('qemu-chardev with QMP', () => {
  const withQmp = (qemu: FakeQemu, clock = new SimulatedClock(), onWarning?: (error: VirtagentError) => void) => ({
    clock,
    channel: closing(qemuChardev({ path: qemu.path, qmp: { path: qemu.qmpPath }, clock, onWarning })),
  });

  test('opens when the guest has opened its port, and not before', async () => {
    const qemu = await new FakeQemu().start();
    const { channel } = withQmp(qemu);
    const opening = channel.open(never);
    await until(() => qemu.looks === 1);
    qemu.port(true, 'another');
    await until(() => qemu.looks === 2);
    await turns();
    expect(qemu.clients).toHaveLength(0);
    qemu.port(true);
    ending(await opening);
  });

  test('says that the guest has not opened its port when the wait is over', async () => {
    const qemu = await new FakeQemu().start();
    const { channel, clock } = withQmp(qemu);
    const error = await passing(clock, failure(channel.open(never)));
    expect([error.code, error.message]).toEqual([
      'CHANNEL_REFUSED',
      expect.stringMatching(/the guest has not opened its port.*waited 30 s/),
    ]);
  });

  test.each<[string, (qemu: FakeQemu, clock: SimulatedClock) => void, string]>([
    ['closes its port', (qemu) => qemu.port(false), 'the guest closed its port'],
    [
      'closes its port and is back before anyone looks',
      (qemu) => {
        qemu.port(false);
        qemu.isOpen = true;
      },
      'closed its port and opened it again',
    ],
    [
      'is told to have opened its port, later than the line was opened',
      (qemu, clock) => {
        clock.increment(5_000);
        qemu.port(true);
      },
      'closed its port and opened it again',
    ],
    [
      'has its device taken away',
      (qemu) => {
        qemu.isOpen = false;
        qemu.tell('DEVICE_DELETED', { device: 'p1', path: '/machine/peripheral/p1' });
      },
      'the guest closed its port',
    ],
  ])('ends the line when the guest %s', async (_name, act, why) => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const { channel, clock } = withQmp(qemu);
    const line = ending(await channel.open(never));
    const ended = ends(line);
    act(qemu, clock);
    expect(await ended).toMatchObject({ code: 'LINE_LOST', message: expect.stringContaining(why) });
    qemu.isOpen = true;
    ending(await passing(clock, channel.open(never)));
  });

  test.each<[string, (qemu: FakeQemu) => void]>([
    ['the news that it was opened by, held back by QEMU', (qemu) => qemu.port(true)],
    ['news of another port', (qemu) => qemu.port(false, 'another')],
    ['news of another device', (qemu) => qemu.tell('DEVICE_DELETED', { device: 'net0' })],
    ['other events', (qemu) => qemu.tell('RTC_CHANGE', { offset: 1 })],
    ['events that make no sense', (qemu) => qemu.tell('VSERPORT_CHANGE', { open: 'no', id: { a: 1 } })],
  ])('does not end the line at %s', async (_name, act) => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const { channel } = withQmp(qemu);
    const line = ending(await channel.open(never));
    act(qemu);
    // What was told is judged by the time that something told later is.
    const ended = ends(line);
    const { looks } = qemu;
    qemu.port(false);
    expect(await ended).toMatchObject({ message: expect.stringMatching(/: the guest closed its port$/) });
    expect(qemu.looks).toBeGreaterThan(looks);
  });

  test('is not warned of by Node when a machine that is reset tells of all its ports at once', async () => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const { channel } = withQmp(qemu);
    const line = ending(await channel.open(never));
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    for (let port = 0; port < 31; port++) qemu.port(false, `other${port}`);
    const ended = ends(line);
    qemu.port(false);
    await ended;
    await turns();
    expect(warnings).toEqual([]);
  });

  test('a monitor that is lost does not end the line: it is told, tried again, and then the line ends as before', async () => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const warnings: string[] = [];
    const { channel, clock } = withQmp(qemu, undefined, ({ message }) => warnings.push(message));
    const line = ending(await channel.open(never));
    line.resume();
    qemu.stopMonitor();
    rmSync(qemu.qmpPath, { force: true });
    await passing(clock, Promise.race([once(line, 'close'), turns(300)]), 3_000);
    expect(line.destroyed).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('nothing tells when the guest closes its port')]);
    await qemu.startMonitor();
    const { looks } = qemu;
    await passing(
      clock,
      until(() => qemu.looks > looks),
    );
    await turns();
    const ended = ends(line);
    qemu.port(false);
    expect(await ended).toMatchObject({ code: 'LINE_LOST' });
  });

  test('a port that was closed while the monitor was away ends the line when it is back', async () => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const { channel, clock } = withQmp(qemu);
    const line = ending(await channel.open(never));
    const ended = ends(line);
    for (const socket of qemu.monitors.splice(0)) socket.destroy();
    qemu.isOpen = false;
    expect(await passing(clock, ended)).toMatchObject({ code: 'LINE_LOST' });
  });

  test('says which socket is missing: that of QMP', async () => {
    const qemu = await new FakeQemu().start();
    qemu.stopMonitor();
    const { channel, clock } = withQmp(qemu);
    const error = await passing(clock, failure(channel.open(never)));
    expect(error.message).toMatch(/^QMP at .*qmp\.sock: /);
  });

  test('says that the monitor is of another QEMU', async () => {
    const qemu = await new FakeQemu().start();
    const channel = closing(qemuChardev({ path: `${qemu.path}2`, qmp: { path: qemu.qmpPath }, waitMs: 0 }));
    const error = await failure(channel.open(never));
    expect([error.code, error.message]).toEqual([
      'CHANNEL_NOT_FOUND',
      expect.stringContaining('has no such chardev; it has "compat_monitor0'),
    ]);
  });

  test('close() lets go of the monitor', async () => {
    const qemu = await new FakeQemu().start();
    qemu.isOpen = true;
    const { channel } = withQmp(qemu);
    ending(await channel.open(never));
    const [monitor] = qemu.monitors;
    const gone = once(monitor as Duplex, 'close');
    (monitor as Duplex).once('end', () => (monitor as Duplex).destroy());
    await channel.close();
    await gone;
  });
});

test.each([...Array(16).keys()])('closed %i turns after the monitor has negotiated, it leaves nothing connected', async (microtasks) => {
  const qemu = await new FakeQemu().start();
  qemu.isOpen = true;
  let closed: Promise<void> | undefined;
  const closeAfter = (left: number): void => {
    if (left > 0) void Promise.resolve().then(() => closeAfter(left - 1));
    else closed = channel.close();
  };
  const clock = {
    ...realClock,
    clearTimeout(handle: unknown) {
      realClock.clearTimeout(handle);
      // The first timer that is stopped while there is a monitor is the one for its greeting.
      if (qemu.monitors.length > 0 && closed === undefined) closeAfter(microtasks);
    },
  };
  const channel = qemuChardev({ path: qemu.path, qmp: { path: qemu.qmpPath }, clock });
  await channel.open(never).then(
    (line) => line.destroy(),
    () => {},
  );
  await closed;
  await until(() => [...qemu.monitors, ...qemu.clients].every((socket) => socket.readableEnded || socket.destroyed));
});

test('a chardev is found by its address, as QEMU shows it', () => {
  const at = (filename: string, where: Parameters<typeof findChardev>[2]): unknown =>
    findChardev('x', [{ label: 'a', filename, 'frontend-open': true }], where).isHeld;
  const path = { path: '/run/vm/va.sock' };
  expect(at('disconnected:unix:/run/vm/va.sock,server=on', path)).toBe(false);
  expect(at('unix:/run/vm/va.sock,server=on', path)).toBe(true);
  expect(at('unix:./vm/va.sock,server=on', path)).toBe(true);
  expect(() => at('unix:/run/vm/va.sock2,server=on', path)).toThrow('no such chardev');
  expect(() => at('unix:a.sock,server=on', path)).toThrow('no such chardev');
  const port = { host: '127.0.0.1', port: 7000 };
  expect(at('disconnected:tcp:127.0.0.1:7000,server=on', port)).toBe(false);
  expect(at('tcp:127.0.0.1:7000,server=on <-> 127.0.0.1:41234', port)).toBe(true);
  expect(at('disconnected:tcp::7000,server=on', port)).toBe(false);
  expect(() => at('disconnected:tcp:127.0.0.1:70001,server=on', port)).toThrow('no such chardev');
  expect(() => findChardev('x', 'nonsense', port)).toThrow('it has none');
});

test('connections are counted as the system lists them', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '000000001ff8e905: 00000002 00000000 00010000 0001 01 795959 /tmp/a b.sock',
    '000000003994e59b: 00000003 00000000 00000000 0001 02     0 /tmp/a b.sock',
    '00000000e2913a04: 00000003 00000000 00000000 0001 03 795244 /tmp/a b.sock',
    '00000000e2913a05: 00000003 00000000 00000000 0001 03 795245 b.sock',
    '00000000e2913a06: 00000003 00000000 00000000 0001 03 795246',
  ].join('\n');
  expect(countConnections(table, '/tmp/a b.sock')).toEqual({ accepted: 1, waiting: 1 });
  expect(countConnections(table, '/tmp/b.sock')).toEqual({ accepted: 1, waiting: 0 });
});
