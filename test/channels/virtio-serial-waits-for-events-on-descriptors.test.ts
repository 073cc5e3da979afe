import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { virtioSerialOn } from '../../transport/channels/virtio-serial-channel.ts';
import { DescriptorPort } from '../../transport/channels/virtio-serial-device.ts';
import type { PortLine } from '../../transport/channels/virtio-serial-line.ts';
import { realClock } from '../../transport/timers.ts';
import { program } from './run-program.ts';
import { folder, never, until } from './support.ts';

/**
 * A named pipe that is read without blocking behaves as a port does: nothing while no writer has it open, "try again" while
 * one has, and writers come and go on one descriptor.
 */
function pipes() {
  const inside = folder();
  const [to, from] = [join(inside, 'to'), join(inside, 'from')];
  execFileSync('mkfifo', [to, from]);
  const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
  const host = openSync(from, O_RDWR | O_NONBLOCK);
  const port = new DescriptorPort(openSync(to, O_RDONLY | O_NONBLOCK), openSync(from, O_WRONLY | O_NONBLOCK));
  const channel = virtioSerialOn({ clock: realClock, open: () => port }, 'org.virtagent.0');
  onTestFinished(async () => {
    await channel.close();
    closeSync(host);
  });
  return {
    channel,
    port,
    /** A host that comes: what it does, then it leaves. */
    visit: async (action: (write: (text: string) => void) => unknown): Promise<void> => {
      const descriptor = openSync(to, O_WRONLY | O_NONBLOCK);
      try {
        await action((text) => void writeSync(descriptor, text));
      } finally {
        closeSync(descriptor);
      }
    },
    /** What the guest has written since. */
    replies: (): string => {
      const into = Buffer.alloc(65_536);
      try {
        return into.toString('latin1', 0, readSync(host, into));
      } catch {
        return '';
      }
    },
  };
}

afterEach(() => void vi.restoreAllMocks());

/** Without it, the port is read at times. */
const handles = [
  ['with events', () => {}],
  [
    'without, for this Node keeps its handles to itself',
    () =>
      vi.spyOn(process as unknown as { binding(): never }, 'binding').mockImplementation(() => {
        throw new Error('Access to this API has been restricted');
      }),
  ],
] as const;

test.each(handles)('thirty hosts come and go, and each gets its answer: %s', async (_name, prepare) => {
  prepare();
  const { channel, visit, replies } = pipes();
  let lines = 0;
  const serve = async (): Promise<void> => {
    for (;;) {
      const line = (await channel.open(never)) as PortLine;
      lines++;
      line.on('data', (chunk: Buffer) => line.write(chunk));
      await new Promise((resolve) => line.once('close', resolve));
    }
  };
  const serving = serve().catch((error: unknown) => error);
  let answers = '';
  for (let host = 0; host < 30; host++) {
    const text = `host ${host}\n`;
    await visit(async (write) => {
      write(text);
      await until(() => (answers += replies()).endsWith(text));
    });
  }
  expect(answers).toBe(Array.from({ length: 30 }, (_, host) => `host ${host}\n`).join(''));
  expect(lines).toBeGreaterThan(0);
  await channel.close();
  expect(await serving).toMatchObject({ code: 'CHANNEL_UNUSABLE' });
});

test.each(handles)('a reader that stops takes nothing more from the system, and then all: %s', async (_name, prepare) => {
  prepare();
  const { channel, visit } = pipes();
  await visit(async (write) => {
    const line = (await channel.open(never)) as PortLine;
    const got: Buffer[] = [];
    line.on('data', (chunk: Buffer) => got.push(chunk));
    line.pause();
    const whole = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7919) & 0x7f)).toString('latin1');
    write(whole);
    line.resume();
    await until(() => got.length > 0);
    line.pause();
    line.resume();
    await until(() => Buffer.concat(got).length === whole.length);
    expect(Buffer.concat(got).toString('latin1')).toBe(whole);
    line.destroy();
  });
});

test.each(handles)(
  'a line that is destroyed by what it has read reads nothing more; the next gets the rest: %s',
  async (_name, prepare) => {
    prepare();
    const { channel, visit } = pipes();
    await visit(async (write) => {
      write('x'.repeat(20_000));
      let rest = 20_000;
      const first = (await channel.open(never)) as PortLine;
      first.on('data', (chunk: Buffer) => {
        rest -= chunk.length;
        if (rest < 15_000) first.destroy();
      });
      await new Promise((resolve) => first.once('close', resolve));
      expect(rest).toBeGreaterThan(0);
      const second = (await channel.open(never)) as PortLine;
      second.on('data', (chunk: Buffer) => (rest -= chunk.length));
      await until(() => rest === 0);
      second.destroy();
    });
  },
);

test('a line that is destroyed leaves the descriptor open, for the next line; close() closes it', async () => {
  const { channel, visit, port } = pipes();
  await visit(async (write) => {
    const first = (await channel.open(never)) as PortLine;
    first.resume();
    first.destroy();
    await new Promise((resolve) => first.once('close', resolve));
    expect(port.read(Buffer.alloc(1))).toBe('idle');
    const second = (await channel.open(never)) as PortLine;
    let received = '';
    second.on('data', (chunk: Buffer) => (received += chunk.toString()));
    write('still there');
    await until(() => received === 'still there');
    second.destroy();
  });
  await channel.close();
  expect(() => port.read(Buffer.alloc(1))).toThrow('EBADF');
});

test.each([
  ['away-exit', 7],
  ['away-close', 0],
  ['away-abort', 0],
  ['idle-exit', 7],
  ['idle-close', 0],
  ['idle-destroy', 0],
  ['pending-exit', 7],
  ['pending-destroy', 0],
])('the process ends when it is told to, or has nothing left to do: %s', async (what, code) => {
  const inside = folder();
  const paths = [join(inside, 'to'), join(inside, 'from')];
  execFileSync('mkfifo', paths);
  const host = openSync(paths[what.startsWith('away') ? 1 : 0] as string, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(host));
  const { exited, notes } = program('port-on-pipes', ...paths, what);
  expect([await exited, notes()]).toEqual([code, '']);
});
