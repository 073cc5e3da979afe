import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { inspectorAddress, watchRemote } from '../../inspector/remote.ts';
import { folder, plainEnv, start, type Running } from './support.ts';

/** A demo whose folder for sockets is its own, so that what it leaves can be seen. */
function demo(...options: string[]): Running & { tmp: string } {
  const tmp = folder();
  return Object.assign(start(['demo', ...options], { env: { ...plainEnv, TMPDIR: tmp } }), { tmp });
}

function guestOf(pid: number | undefined): number {
  return Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).trim());
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('with --once both sides call each other at once, the file comes whole, and it ends by itself', async () => {
  const running = demo('--once', '--json');
  const { code, stdout, stderr } = await running.ended;
  expect([code, stderr]).toEqual([0, '']);
  const summary = JSON.parse(stdout) as Record<string, never>;
  expect(summary).toMatchObject({
    file: { isEqual: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    capabilities: ['ping', 'capabilities', 'getfile', 'getdmesg', 'shutdown', 'putfile'],
    guestCalls: { hello: 1 },
    states: {
      client: ['new', 'busy.sending', 'sent', 'read', 'busy.callback', 'done'],
      server: ['new', 'busy.executing', 'executed', 'busy.sending', 'sent', 'busy.callback', 'done'],
    },
  });
  const { hostCalls, guestCalls, together, file } = summary as Record<string, Record<string, number>>;
  expect(Object.keys(hostCalls ?? {}).toSorted()).toEqual(['capabilities', 'getdmesg', 'getfile', 'ping']);
  expect(guestCalls?.['ping']).toBeGreaterThan(0);
  expect([together?.['client'], together?.['server']]).toEqual([expect.toSatisfy((n) => n >= 2), expect.toSatisfy((n) => n >= 1)]);
  expect(file?.['bytes']).toBeGreaterThan(300_000);
  expect(file?.['pieces']).toBeGreaterThan(4);
  expect(readdirSync(running.tmp)).toEqual([]);
});

test('without a terminal it prints plain lines: progress, the table of jobs, the numbers', async () => {
  const { code, stdout } = await demo('--once').ended;
  expect(code).toBe(0);
  for (const part of ['getfile: 100 %', 'new → busy.sending → sent → read → busy.callback → done', 'is equal', 'guest → host  hello 1'])
    expect(stdout).toContain(part);
  expect(stdout).not.toContain('\u001b');
});

test.each(['SIGINT', 'SIGTERM'] as const)('without --once it stays until %s, and leaves nothing', async (signal) => {
  const running = demo();
  await running.printed('stdout', 'getfile: 100 %');
  const guest = guestOf(running.child.pid);
  const { code, stdout, stderr } = await running.stop(signal);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^virtagent: inspector: http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/);
  expect(stdout).toContain('guest → host');
  expect(isAlive(guest)).toBe(false);
  expect(readdirSync(running.tmp)).toEqual([]);
});

test('its inspector shows both ends, and without --once is there unless told otherwise', async () => {
  const running = demo();
  await running.printed('stderr', /inspector: \S+\n/);
  const address = /inspector: (\S+)/.exec(running.stderr)?.[1] ?? '';
  const sides = new Set<string>();
  await new Promise<void>((resolve) => {
    const { stop } = watchRemote(inspectorAddress('address', address), {
      take(records) {
        for (const record of records) if (record.type === 'head') sides.add(`${record.of} ${record.agent.role}`);
        if (sides.size === 2) resolve();
      },
      lost() {},
    });
    onTestFinished(stop);
  });
  expect([...sides].toSorted()).toEqual(['far guest', 'near host']);
  await running.stop();
  const without = demo('--no-inspect');
  await without.printed('stdout', 'getfile: 100 %');
  expect((await without.stop()).stderr).toBe('');
});

test('a guest that dies is said to have died', async () => {
  const running = demo('--no-inspect');
  await running.printed('stdout', 'getfile: 100 %');
  process.kill(guestOf(running.child.pid), 'SIGKILL');
  const { code, stderr } = await running.ended;
  expect(stderr).toBe("virtagent: LINE_LOST: the demo's guest ended (SIGKILL)\n  → Start the demo again.\n");
  expect(code).toBe(5);
  expect(readdirSync(running.tmp)).toEqual([]);
});

test('a demo that is killed takes its guest with it', async () => {
  const running = demo();
  await running.printed('stdout', 'getfile: 100 %');
  const guest = guestOf(running.child.pid);
  await running.stop('SIGKILL');
  // Until it has ended, and whoever inherited it has noticed.
  while (isAlive(guest)) await new Promise((resolve) => setImmediate(resolve));
});
