import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { Flood } from '../../cli/flood.ts';
import { folder, guestAt, type Running } from './support.ts';

test('three lines of a kind pass in a second; the number of the others is told when it is over', () => {
  const clock = new SimulatedClock();
  const told: [string, number][] = [];
  const flood = new Flood((kind, count) => told.push([kind, count]), clock as never);
  expect([1, 2, 3, 4, 5].map(() => flood.take('a'))).toEqual([true, true, true, false, false]);
  expect(flood.take('b')).toBe(true);
  clock.increment(999);
  expect(told).toEqual([]);
  clock.increment(1);
  expect(told).toEqual([['a', 2]]);
  expect(flood.take('a')).toBe(true);
  flood.end();
  expect(told).toEqual([['a', 2]]);
  for (let at = 0; at < 10; at++) flood.take('c');
  flood.end();
  expect(told.at(-1)).toEqual(['c', 7]);
});

interface Line {
  readonly time: string;
  readonly event: string;
  readonly message: string;
  readonly count?: number;
}

function logged(guest: Running): Line[] {
  return guest.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Three lines of a kind in each second that passed by their own times, and the number of the others: a busy machine takes longer. */
function mostOfAKind(lines: readonly Line[]): number {
  const times = lines.map(({ time }) => Date.parse(time));
  return 4 * (Math.ceil((Math.max(...times) - Math.min(...times)) / 1000) + 1);
}

test('a host that sends garbage without end costs a few lines a second, and none is uncounted', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines', '--json');
  const host = connect(path);
  onTestFinished(() => void host.destroy());
  const garbage = '{"jsonrpc":"2.0","method":"\\u001b[31m","params":1}\n'.repeat(1000);
  for (let turn = 0; turn < 20; turn++) host.write(garbage);
  // Answers that nobody waits for are garbage too.
  host.write('{"jsonrpc":"2.0","id":"nobody","result":1}\n'.repeat(1000));
  host.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  let answers = '';
  host.setEncoding('utf8').on('data', (text: string) => (answers += text));
  while (!answers.includes('"id":1')) await once(host, 'data');
  await guest.stop();
  const damage = logged(guest).filter(({ event }) => event === 'damage');
  expect(damage.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(20_000);
  expect(damage.length).toBeLessThanOrEqual(mostOfAKind(damage));
  const violations = logged(guest).filter(({ event }) => event === 'violations');
  expect(violations.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(1000);
  expect(guest.stderr).not.toContain('\u001b');
});

test('so do hosts that come and go', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines', '--json');
  for (let turn = 0; turn < 100; turn++) {
    const host = connect(path);
    // One that says nothing makes the next wait.
    host.end('{"jsonrpc":"2.0","id":1,"method":"ping"}\n').resume();
    await once(host, 'close');
  }
  await guest.stop();
  const lines = logged(guest);
  const connected = lines.filter(({ event }) => event === 'connected');
  expect(connected.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(100);
  for (const kind of new Set(lines.map(({ event }) => event)))
    expect(lines.filter(({ event }) => event === kind).length).toBeLessThanOrEqual(mostOfAKind(lines));
});
