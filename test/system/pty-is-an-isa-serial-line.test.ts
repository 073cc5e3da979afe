import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, realpathSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { isaSerial } from '../../transport/channels/isa-serial.ts';
import { program } from '../channels/run-program.ts';
import { asNobody, bytes, closing, ending, failure, line, never, until } from '../channels/support.ts';
import { needs } from './support/needs.ts';
import { ptyPair } from './support/pty.ts';

/** Both ends, opened. */
async function bothEnds(): Promise<{ left: Duplex; right: Duplex; hangUp: () => Promise<void> }> {
  const { left, right, hangUp } = await ptyPair();
  return { left: await line(closing(isaSerial(left))), right: await line(closing(isaSerial(right))), hangUp };
}

async function hashOf(stream: Duplex, length: number): Promise<string> {
  const hash = createHash('sha256');
  let left = length;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if ((left -= chunk.length) <= 0) break;
  }
  return hash.digest('hex');
}

needs('socat')('a pseudo-terminal as an isa-serial line', () => {
  test('every byte arrives as it was written, without an echo', async () => {
    const { left, right } = await bothEnds();
    const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    left.write(all);
    expect(await bytes(right, 256)).toBe(all.toString('latin1'));
    right.write('answer\r\n');
    expect(await bytes(left, 8)).toBe('answer\r\n');
  });

  test('four megabytes both ways at once arrive whole, in spite of readers that rest', async () => {
    const { left, right } = await bothEnds();
    const data = randomBytes(4 * 1024 * 1024);
    const hash = createHash('sha256').update(data).digest('hex');
    const rest = setInterval(() => {
      right.pause();
      setTimeout(() => right.resume(), 5);
    }, 20);
    left.write(data);
    right.write(data);
    expect(await Promise.all([hashOf(left, data.length), hashOf(right, data.length)])).toEqual([hash, hash]);
    clearInterval(rest);
  });

  test('a write that waits for room ends when there is some, though nothing comes in meanwhile', async () => {
    const { left, right } = await bothEnds();
    const data = randomBytes(4 * 1024 * 1024);
    left.resume();
    left.write(data);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(left.writableLength).toBeGreaterThan(0);
    expect(await hashOf(right, data.length)).toBe(createHash('sha256').update(data).digest('hex'));
  });

  test('what was written before the port was opened is not taken for this line', async () => {
    const pair = await ptyPair();
    const right = await line(closing(isaSerial(pair.right)));
    const left = openSync(pair.left, 'r+');
    const before = pair.carried();
    const said = '{"left by":"an earlier session"}\n';
    right.write(said);
    await until(() => pair.carried() >= before + said.length);
    closeSync(left);
    const opened = await line(closing(isaSerial(pair.left)));
    right.write('now');
    expect(await bytes(opened, 3)).toBe('now');
  });

  test('a port that is hung up ends the line, after what it still said', async () => {
    const { left, hangUp } = await bothEnds();
    let said = '';
    left.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(left, 'end');
    await hangUp();
    await ended;
    expect(said).toBe('');
    left.destroy();
    await finished(left).catch(() => {});
  });

  test('writing to a port that was hung up fails with the reason', async () => {
    const { left, hangUp } = await bothEnds();
    await hangUp();
    const failed = new Promise((resolve) => left.once('close', resolve));
    left.write('x');
    await failed;
    expect(left.errored).toMatchObject({ code: 'LINE_LOST', message: expect.stringMatching(/hung up \(EIO\)$/) });
  });

  test('a port that another has locked is told, and free once that lets go', async () => {
    const { left } = await ptyPair();
    const first = await line(closing(isaSerial(left)));
    const channel = closing(isaSerial(left));
    const error = await failure(channel.open(never));
    expect([error.code, error.message]).toEqual(['CHANNEL_IN_USE', `isa-serial ${left}: another process holds this port`]);
    first.destroy();
    await once(first, 'close');
    ending(await channel.open(never));
  });

  test('the next line of a channel waits until the one before has let go of the port', async () => {
    const { left } = await ptyPair();
    const channel = closing(isaSerial(left));
    for (let times = 0; times < 20; times++) (await channel.open(never)).destroy();
    const held = await line(channel);
    expect((await failure(channel.open(never))).code).toBe('CHANNEL_IN_USE');
    held.destroy();
    const abort = new AbortController();
    const opening = channel.open(abort.signal);
    abort.abort('enough');
    await expect(opening).rejects.toBe('enough');
    ending(await channel.open(never));
  });

  test('a port that this user may not open is told', async () => {
    const { left } = await ptyPair();
    const path = realpathSync(left);
    const error = await asNobody(() => failure(closing(isaSerial(path)).open(never)));
    expect([error.code, error.message]).toEqual(['CHANNEL_DENIED', `isa-serial ${path}: this user may not open it (EACCES)`]);
  });

  test('any rate is taken, and one that is aborted leaves the port free', async () => {
    const { left } = await ptyPair();
    const abort = new AbortController();
    const channel = closing(isaSerial(left, { baudRate: 12_345 }));
    const opening = channel.open(abort.signal);
    abort.abort('enough');
    await expect(opening).rejects.toBe('enough');
    ending(await channel.open(never));
  });

  test('a process whose line is closed ends, with bytes that nobody read and a write that waits', async () => {
    const { left, right } = await ptyPair();
    const held = openSync(right, 'r+');
    writeSync(held, 'unread');
    const { child, exited, notes } = program('open-serial-and-close', left);
    child.stdout.resume();
    expect([await exited, notes()]).toEqual([0, '']);
    closeSync(held);
  });
});
