import { expect, test } from 'vitest';
import { errno, FakePort, FakeSystem } from './fake-port.ts';
import { bytes, ending, failure, never } from './support.ts';
import type { Channel } from '../../transport/channels/channel.ts';
import type { PortLine } from '../../transport/channels/virtio-serial-line.ts';

async function up(): Promise<{ port: FakePort; system: FakeSystem; channel: Channel; line: PortLine }> {
  const port = new FakePort();
  port.hostIsThere = true;
  const system = new FakeSystem(port);
  const channel = system.channel();
  return { port, system, channel, line: ending((await channel.open(never)) as PortLine) };
}

function unplug({ port, system }: { port: FakePort; system: FakeSystem }): void {
  port.unplugged = true;
  system.port = undefined;
}

test('CHANNEL_NOT_FOUND at once, if the port was never there', async () => {
  expect((await failure(new FakeSystem().channel().open(never))).code).toBe('CHANNEL_NOT_FOUND');
});

test('the line is lost with a reason, and the next waits until the port is back, under whatever path', async () => {
  const { port, system, channel, line } = await up();
  line.resume();
  unplug({ port, system });
  const closed = new Promise((resolve) => line.once('close', resolve));
  await system.pass(20);
  await closed;
  expect(line.errored).toMatchObject({ code: 'LINE_LOST', cause: { code: 'ENODEV' } });
  expect(line.errored?.message).toBe('virtio-serial org.virtagent.0: the port was unplugged (ENODEV)');
  expect(port.closed).toBe(true);

  const opening = channel.open(never);
  await system.pass(2000, 10);
  const again = new FakePort();
  again.hostIsThere = true;
  again.send('back');
  system.port = again;
  await system.pass(500, 10);
  const received = bytes(ending(await opening), 4);
  await system.pass(20);
  expect(await received).toBe('back');
});

test('a write finds it unplugged', async () => {
  const { port, system, line } = await up();
  unplug({ port, system });
  let told: unknown;
  line.write('x', (error) => (told = error));
  await system.pass(5);
  expect(line.errored).toMatchObject({ code: 'LINE_LOST' });
  expect(told).toBeInstanceOf(Error);
  expect([port.closed, system.running]).toEqual([true, 0]);
});

test('it is unplugged while the host is waited for', async () => {
  const { port, system, channel, line } = await up();
  line.destroy();
  port.hostIsThere = false;
  const opening = channel.open(never);
  await system.pass(100);
  unplug({ port, system });
  await system.pass(1000, 10);
  expect(port.closed).toBe(true);
  system.port = new FakePort();
  system.port.hostIsThere = true;
  await system.pass(500, 10);
  ending(await opening);
});

test('a port that is back, and not yet given to its group, is waited for; one that stays closed is not', async () => {
  const { port, system, channel, line } = await up();
  line.destroy();
  unplug({ port, system });
  system.refusal = 'CHANNEL_DENIED';
  const opening = channel.open(never);
  await system.pass(500, 10);
  system.refusal = undefined;
  system.port = new FakePort();
  system.port.hostIsThere = true;
  await system.pass(500, 10);
  const next = ending((await opening) as PortLine);
  next.destroy();

  unplug({ port: system.port, system });
  system.refusal = 'CHANNEL_DENIED';
  const refused = failure(channel.open(never));
  await system.pass(8000, 10);
  expect((await refused).code).toBe('CHANNEL_DENIED');
});

test('a port that somebody else has when it is back is not waited for', async () => {
  const { port, system, channel, line } = await up();
  line.destroy();
  unplug({ port, system });
  system.refusal = 'CHANNEL_IN_USE';
  const refused = failure(channel.open(never));
  await system.pass(20);
  expect((await refused).code).toBe('CHANNEL_IN_USE');
});

test('CHANNEL_FAILED: what else a port may answer, with its cause', async () => {
  const { port, system, channel, line } = await up();
  line.resume();
  port.read = () => {
    throw errno('EIO');
  };
  await system.pass(20);
  expect(line.errored).toMatchObject({ code: 'CHANNEL_FAILED', cause: { code: 'EIO' } });
  system.port = new FakePort();
  system.port.read = port.read;
  expect((await failure(channel.open(never))).code).toBe('CHANNEL_FAILED');
  expect(system.port.closed).toBe(true);
});
