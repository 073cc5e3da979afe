import { once } from 'node:events';
import { expect, test } from 'vitest';
import { bounds } from '../../transport/channels/bounds.ts';
import { FakePort, FakeSystem } from './fake-port.ts';
import { bytes, codeOf, ending, failure, never, text, turns } from './support.ts';

function machine(): { port: FakePort; system: FakeSystem } {
  const port = new FakePort();
  return { port, system: new FakeSystem(port) };
}

test('open() waits for the host, looking less and less often', async () => {
  const { port, system } = machine();
  let isOpen = false;
  const opening = system.channel().open(never);
  void opening.then(() => (isOpen = true));
  await system.pass(3000, 10);
  expect(isOpen).toBe(false);
  expect(system.pauses.slice(0, 8)).toEqual([10, 20, 40, 80, 160, 320, 500, 500]);
  expect(bounds.hostAwayMs).toBe(500);
  expect(port.writes).toBe(0);
  port.hostIsThere = true;
  await system.pass(500, 10);
  expect(isOpen).toBe(true);
  ending(await opening);
});

test('a host that is there gets a line at once, which reads nothing before it is wanted', async () => {
  const { port, system } = machine();
  port.hostIsThere = true;
  const line = ending(await system.channel().open(never));
  port.send('hello');
  await system.pass(100);
  expect(port.incoming).toHaveLength(1);
  const received = bytes(line, 5);
  await system.pass(20);
  expect(await received).toBe('hello');
});

test('a line begins with what was read to see the host, and with what came before it', async () => {
  const { port, system } = machine();
  port.send('one ');
  port.send('two ');
  port.hostIsThere = true;
  const line = ending(await system.channel().open(never));
  let received = '';
  line.on('data', (chunk: Buffer) => (received += chunk.toString()));
  port.send('three');
  await system.pass(20);
  expect(received).toBe('one two three');
});

test('a line ends when the host leaves, after all that it sent; the next waits for the next host', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  port.hostIsThere = true;
  const first = ending(await channel.open(never));
  const all = text(first);
  const closed = once(first, 'close');
  port.send('last words');
  port.hostIsThere = false;
  await system.pass(20);
  expect(await all).toBe('last words');
  await closed;
  expect(first.errored).toBe(null);

  const opening = channel.open(never);
  await system.pass(50);
  port.send('from the next');
  port.hostIsThere = true;
  await system.pass(100);
  const second = ending(await opening);
  const received = bytes(second, 13);
  await system.pass(20);
  expect(await received).toBe('from the next');
  expect(system.opens).toBe(1);
});

test('a host that has left already gives a line with what it sent, and the end', async () => {
  const { port, system } = machine();
  port.send('gone');
  const line = ending(await system.channel().open(never));
  const all = text(line);
  await system.pass(20);
  expect(await all).toBe('gone');
});

test('what a line had read and nobody took is not glued to the next', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  port.hostIsThere = true;
  port.send('half a fr');
  const first = ending(await channel.open(never));
  first.destroy();
  const second = ending(await channel.open(never));
  const received = bytes(second, 5);
  port.send('whole');
  await system.pass(20);
  expect(await received).toBe('whole');
});

test('what the port had not taken when the host left never reaches the next host', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  port.hostIsThere = true;
  port.room = 3;
  const first = ending(await channel.open(never)).resume();
  let told: unknown;
  first.write('abcdef', (error) => (told = error));
  await system.pass(10);
  expect(port.written.toString()).toBe('abc');
  port.hostIsThere = false;
  await system.pass(50);
  expect([first.destroyed, told instanceof Error]).toEqual([true, true]);
  port.hostIsThere = true;
  port.room = Infinity;
  const second = ending(await channel.open(never));
  second.write('xyz');
  await system.pass(200);
  expect(port.written.toString()).toBe('abcxyz');
});

test('the rest of a message that a host took a part of never reaches the next, however soon that comes', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  port.hostIsThere = true;
  const first = ending(await channel.open(never)).resume();
  port.send('heard');
  await system.pass(5);
  port.room = 3;
  first.on('error', () => {}).write('abcdef');
  port.hostIsThere = false;
  port.room = Infinity;
  await system.pass(20);
  port.hostIsThere = true;
  expect(first.destroyed).toBe(true);
  ending(await channel.open(never));
  await system.pass(200);
  expect(port.written.toString()).toBe('abc');
});

test('a line on which nothing was heard for a second ends as soon as the host has left', async () => {
  for (const [silence, isOver] of [
    [500, false],
    [bounds.portHeardMs + 100, true],
  ] as const) {
    const { port, system } = machine();
    port.hostIsThere = true;
    port.send('heard');
    const line = ending(await system.channel().open(never)).resume();
    await system.pass(silence, 20);
    port.hostIsThere = false;
    await system.pass(bounds.portQuietMs + 1);
    // One that spoke lately may have made room for another: see the comment in the line.
    expect([silence, line.destroyed]).toEqual([silence, isOver]);
    await system.pass(2 * bounds.portDoubtMs);
    expect(line.destroyed).toBe(true);
  }
});

test('an aborted open() leaves no timer, and the port to the next', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  const controller = new AbortController();
  const opening = channel.open(controller.signal);
  await system.pass(5);
  expect(system.running).toBe(1);
  controller.abort(new Error('enough'));
  await expect(opening).rejects.toThrow('enough');
  expect([system.running, port.closed]).toEqual([0, false]);
  port.hostIsThere = true;
  ending(await channel.open(never));
  expect(system.opens).toBe(1);
});

test('close() ends an open() that waits, and closes the port', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  const opening = failure(channel.open(never));
  await turns();
  await channel.close();
  expect((await opening).code).toBe('CHANNEL_UNUSABLE');
  expect([system.running, port.closed]).toEqual([0, true]);
});

test('close() leaves a line in use alone; the port closes with it', async () => {
  const { port, system } = machine();
  const channel = system.channel();
  port.hostIsThere = true;
  port.room = 0;
  const line = ending(await channel.open(never));
  line.resume().write('late');
  await channel.close();
  expect(port.closed).toBe(false);
  port.room = Infinity;
  await system.pass(100);
  expect(port.written.toString()).toBe('late');
  line.destroy();
  expect([system.running, port.closed]).toEqual([0, true]);
});

test('CHANNEL_UNUSABLE: a second line while the first is in use', async () => {
  const { port, system } = machine();
  port.hostIsThere = true;
  const channel = system.channel();
  ending(await channel.open(never));
  expect(await codeOf(channel.open(never), 'virtio-serial org.virtagent.0: its line is in use')).toBe('CHANNEL_UNUSABLE');
});
