// A guest that works on the bare lines of a virtio-serial port. Its arguments: PORT WHAT [NUMBER]. Says what came of it in JSON.
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { VirtagentError, virtioSerial } from '../../../transport/index.ts';
import { pattern } from '../support/pattern.ts';

const [port = '', what = '', number = '0'] = process.argv.slice(2);
const never = new AbortController().signal;
const channel = virtioSerial(port);
const say = (result: unknown): void => console.log(JSON.stringify(result));

/** Percent of a CPU that this process takes, three times over that many seconds. */
async function load(seconds: number): Promise<number[]> {
  const percents: number[] = [];
  while (percents.length < 3) {
    const before = process.cpuUsage();
    await pause(seconds * 1000);
    const { user, system } = process.cpuUsage(before);
    percents.push((user + system) / (seconds * 10_000));
  }
  return percents;
}

const works: Record<string, () => Promise<void>> = {
  /** Whether a line comes: `waiting` if none has by then, and it has not been refused. A busy machine is slow to do so. */
  async open() {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort('waiting'), 10_000);
    try {
      (await channel.open(controller.signal)).destroy();
      say('opened');
    } catch (error) {
      say(error instanceof VirtagentError ? { code: error.code, message: error.message } : error);
    }
    clearTimeout(timer);
    await channel.close();
  },

  /** What waiting for a host costs, from some time on. */
  async away() {
    channel.open(never).catch(() => {});
    await pause(2000);
    say(await load(Number(number)));
    process.exit(0);
  },

  /** The same while a host is there and silent. */
  async idle() {
    (await channel.open(never)).resume();
    await pause(2000);
    say(await load(Number(number)));
    process.exit(0);
  },

  /** Holds the port until it is ended. */
  async hold() {
    channel.open(never).catch(() => {});
  },

  /** Sends back what comes, on one line after another. */
  async echo() {
    for (;;) {
      const line = await channel.open(never);
      line.on('error', () => {}).on('data', (chunk: Buffer) => line.write(chunk));
      await new Promise((resolve) => line.once('close', resolve));
    }
  },

  /** NUMBER bytes both ways, read slowly, and then a byte from the host to say that it has all. */
  async both() {
    const length = Number(number);
    const line = await channel.open(never);
    line.write(pattern(length, 1));
    const hash = createHash('sha256');
    let got = 0;
    let stop = 0;
    line.on('data', (chunk: Buffer) => {
      hash.update(got + chunk.length > length ? chunk.subarray(0, length - got) : chunk);
      got += chunk.length;
      if (got > length) {
        say(hash.digest('hex'));
        process.exit(0);
      }
      if (got < stop) return;
      stop += 65_536;
      line.pause();
      setTimeout(() => line.resume(), 20);
    });
  },

  /** Ends in the middle of something: with 7, or by itself once all is let go of. */
  async 'away-exit'() {
    channel.open(never).catch(() => {});
    await pause(300);
    process.exit(7);
  },
  async 'away-close'() {
    channel.open(never).catch(() => {});
    await pause(300);
    await channel.close();
  },
  async 'idle-exit'() {
    (await channel.open(never)).resume();
    await pause(300);
    process.exit(7);
  },
  async 'idle-close'() {
    const line = (await channel.open(never)).resume();
    await pause(300);
    line.destroy();
    await channel.close();
  },
  async 'pending-exit'() {
    await pending();
    process.exit(7);
  },
  async 'pending-close'() {
    (await pending()).destroy();
    await channel.close();
  },
};

/** A line with more written to it than the host takes. */
async function pending() {
  const line = (await channel.open(never)).resume();
  line.on('error', () => {}).write(Buffer.alloc(16 * 1024 * 1024));
  await pause(1500);
  say({ isPending: line.writableLength > 0 });
  return line;
}

await works[what]?.();
