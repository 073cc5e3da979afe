import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { unixListen } from '../../transport/channels/index.ts';
import { program } from './run-program.ts';
import { leaveStaleSocket } from './stale-socket.ts';
import { closing, folder, peer } from './support.ts';

test('many processes at one stale socket: one listens, the others learn that it does', async () => {
  const inside = folder();
  const path = leaveStaleSocket(inside);
  const racers = Array.from({ length: 8 }, () => program('race', path));
  for (const { child } of racers) await once(child.stdout, 'data');
  const answers = racers.map(async ({ child }) => String((await once(child.stdout, 'data'))[0]).trim());
  for (const { child } of racers) child.stdin.write('go');
  const said = await Promise.all(answers);
  expect(said.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'CHANNEL_IN_USE'), 'listening']);
  await peer({ path });
  expect(readdirSync(inside)).toEqual(['stale']);
  for (const { child } of racers) child.stdin.end();
  for (const { exited } of racers) expect(await exited).toBe(0);
  expect(readdirSync(inside)).toEqual([]);
});

test('many channels of one process at one stale socket: the same', async () => {
  const path = leaveStaleSocket(folder());
  const said = await Promise.all(
    Array.from({ length: 20 }, () =>
      closing(unixListen(path))
        .listen()
        .then(
          () => 'listening',
          (error: { code: string }) => error.code,
        ),
    ),
  );
  expect(said.toSorted()).toEqual([...Array.from({ length: 19 }, () => 'CHANNEL_IN_USE'), 'listening']);
  await peer({ path });
});
