import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakePort, FakeSystem } from './fake-port.ts';
import { ending, never } from './support.ts';
import { bounds } from '../../transport/channels/bounds.ts';
import type { PortLine } from '../../transport/channels/virtio-serial-line.ts';
import { runs } from '../property.ts';

async function up(): Promise<{ port: FakePort; system: FakeSystem; line: PortLine }> {
  const port = new FakePort();
  port.hostIsThere = true;
  const system = new FakeSystem(port);
  return { port, system, line: ending((await system.channel().open(never)) as PortLine) };
}

function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 2_654_435_761) >>> 24));
}

test('what is written arrives whole and in order, whatever the port takes at once, and between which stalls', async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 });
  const rooms = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lengths, rooms, fc.integer({ min: 1, max: 9 }), async (lengths, rooms, most) => {
      const { port, system, line } = await up();
      port.most = most;
      port.room = 0;
      const whole = pattern(lengths.reduce((sum, length) => sum + length, 0));
      let at = 0;
      let taken = 0;
      for (const length of lengths) {
        line.write(whole.subarray(at, (at += length)), (error) => {
          // Told in order, and never before the port has it.
          expect([error ?? null, port.written.length >= (taken += length)]).toEqual([null, true]);
        });
      }
      for (const room of rooms) {
        port.room += room;
        await system.pass(70, 35);
      }
      port.room = Infinity;
      await system.pass(200, 20);
      expect(port.written.equals(whole)).toBe(true);
      expect(taken).toBe(whole.length);
    }),
    runs(60, { verbose: true }),
  );
});

test('what comes arrives whole and in order, in whatever pieces, to a reader that stops at times', async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 4096 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.array(fc.boolean(), { minLength: 1 }), async (lengths, stops) => {
      const { port, system, line } = await up();
      const whole = pattern(lengths.reduce((sum, length) => sum + length, 0));
      let at = 0;
      for (const length of lengths) port.incoming.push(whole.subarray(at, (at += length)));
      const got: Buffer[] = [];
      let turn = 0;
      line.on('data', (chunk: Buffer) => {
        got.push(chunk);
        if (stops[turn++ % stops.length] === true) {
          line.pause();
          system.clock.setTimeout(() => line.resume(), 3);
        }
      });
      await system.pass(200);
      expect(Buffer.concat(got).equals(whole)).toBe(true);
    }),
    runs(40, { verbose: true }),
  );
});

test('the host may leave after any byte: what came before is read, then the line ends', async () => {
  const said = '{"id":1}\n{"id":2}\n';
  for (let cut = 0; cut <= said.length; cut++) {
    const { port, system, line } = await up();
    let received = '';
    let ended = false;
    line.on('data', (chunk: Buffer) => (received += chunk.toString())).on('end', () => (ended = true));
    if (cut > 0) port.send(said.slice(0, cut));
    port.hostIsThere = false;
    await system.pass(40);
    expect([received, ended, line.destroyed]).toEqual([said.slice(0, cut), true, true]);
  }
});

test('a reader that stops stops the port: no more than the high-water mark and one read is held', async () => {
  const { port, system, line } = await up();
  for (let count = 0; count < 100; count++) port.incoming.push(Buffer.alloc(4096));
  line.once('data', () => line.pause());
  await system.pass(200);
  expect(line.readableLength).toBeLessThanOrEqual(line.readableHighWaterMark + 4096);
  const left = port.incoming.length;
  // What was shown, what the stream holds (Node 22 holds four times as much as Node 20), and one read.
  expect(100 - left).toBeLessThanOrEqual(1 + line.readableHighWaterMark / 4096 + 1);
  expect(left).toBeGreaterThan(0);
  await system.pass(200);
  expect(port.incoming.length).toBe(left);
});

test('a port that takes nothing is tried less and less often, and the writer is held back', async () => {
  const { port, system, line } = await up();
  line.pause();
  port.room = 0;
  expect(line.write(Buffer.alloc(line.writableHighWaterMark))).toBe(false);
  await system.pass(1000);
  // 1, 2, 4 … 64 ms, and then each 64 ms.
  expect(port.writes).toBeLessThanOrEqual(8 + 1000 / bounds.portFullMs);
  port.room = Infinity;
  let drained = false;
  line.once('drain', () => (drained = true));
  await system.pass(bounds.portFullMs);
  expect([drained, port.written.length]).toEqual([true, line.writableHighWaterMark]);
});

test('a long write leaves other things their turn', async () => {
  const { port, line } = await up();
  port.most = 32_768;
  const whole = pattern(4 * bounds.portSlice);
  let turns = 0;
  const written = new Promise((resolve) => line.write(whole, resolve));
  const count = (): void => {
    turns++;
    if (port.written.length < whole.length) setImmediate(count);
  };
  setImmediate(count);
  await written;
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(port.written.equals(whole)).toBe(true);
});

test('end() hands over all that was written', async () => {
  const { port, system, line } = await up();
  port.room = 2;
  line.write('ab');
  line.write('cd');
  let finished = false;
  line.end('ef', () => (finished = true));
  await system.pass(20);
  expect(finished).toBe(false);
  port.room = Infinity;
  await system.pass(70);
  expect([finished, port.written.toString(), line.destroyed]).toEqual([true, 'abcdef', false]);
});
