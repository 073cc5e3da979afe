import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { everyProtocol } from '../support/peers.ts';
import { bin, folder, run, Running, start } from './support.ts';

async function pingAndRead(dir: string, line: string[]): Promise<unknown[]> {
  const file = join(dir, 'file');
  writeFileSync(file, 'content');
  const ping = await run(['call', 'ping', ...line]);
  const read = await run(['call', 'getfile', JSON.stringify({ path: file, offset: 1, length: 3 }), ...line]);
  return [ping.code, JSON.parse(ping.stdout), read.code, JSON.parse(read.stdout)];
}

const expected = [0, null, 0, { data: Buffer.from('ont').toString('base64'), offset: 1, length: 3, size: 7, eof: false }];

describe.each(everyProtocol)('$protocol', ({ protocol }) => {
  test('a call reaches a guest that listens at a unix socket', async () => {
    const dir = folder();
    const path = join(dir, 's');
    const guest = start(['guest', '-c', 'unix-listen', '-p', path, '--protocol', protocol, '--allow-read', dir]);
    await guest.printed('stderr', 'listening');
    expect(await pingAndRead(dir, ['-c', 'unix-connect', '-p', path, '--protocol', protocol])).toEqual(expected);
  });

  test('a call reaches a guest that connects to it over TCP', async () => {
    const dir = folder();
    const address = `127.0.0.1:${await freePort()}`;
    const guest = start(['guest', '-c', 'tcp-connect', '-p', address, '--protocol', protocol, '--allow-read', dir, '--retry']);
    await guest.printed('stderr', 'opening');
    expect(await pingAndRead(dir, ['-c', 'tcp-listen', '-p', address, '--protocol', protocol])).toEqual(expected);
  });

  test('a call on stdio reaches a guest on stdio, and its result is on stderr', async () => {
    const guest = start(['guest', '-c', 'stdio', '--protocol', protocol]);
    const call = start(['call', 'capabilities', '-c', 'stdio', '--protocol', protocol]);
    cross(guest, call);
    const { code, stderr } = await call.ended;
    const methods = ['ping', 'capabilities', 'getfile', 'getdmesg', 'shutdown', 'putfile'];
    expect([code, JSON.parse(stderr)]).toEqual([0, { methods, version: '1.0' }]);
    expect((await guest.ended).code).toBe(0);
  });

  test('a guest can be called by another guest, and calls a host with --role guest', async () => {
    const path = join(folder(), 's');
    const host = start(['host', '-c', 'unix-listen', '-p', path, '--protocol', protocol]);
    await host.printed('stderr', 'listening');
    const { code, stdout } = await run(['call', 'ping', '--role', 'guest', '-c', 'unix-connect', '-p', path, '--protocol', protocol]);
    expect([code, stdout]).toEqual([0, 'null\n']);
  });
});

function cross(one: Running, other: Running): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.child.stdout?.setEncoding('latin1');
    from.child.stdout?.on('data', (text: string) => to.child.stdin?.write(text, 'latin1'));
    from.child.stdout?.on('end', () => to.child.stdin?.end());
  }
}

test('a guest on stdio answers what was asked before its input ended', async () => {
  const input = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"capabilities"}\n';
  const { code, stdout } = await run(['guest', '--channel', 'stdio', '--protocol', 'jsonrpc-lines'], input);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: unknown; method?: string });
  expect(answers.filter((answer) => answer.method === undefined).map(({ id }) => id)).toEqual([1, 2]);
  expect(answers.filter((answer) => answer.method !== undefined).map(({ method }) => method)).toEqual(['hello']);
  expect(code).toBe(0);
});

test('a guest on stdio loses no answer to a slow reader', async () => {
  const dir = folder();
  const path = join(dir, 'file');
  writeFileSync(path, 'x'.repeat(50_000));
  // A real pipe, which holds 64 KiB, and a reader that waits for leave: Node would make a socket of it.
  const guest = new Running(
    spawn('sh', ['-c', '"$@" | { read leave <&3; cat; }', 'sh', process.execPath, bin, ...slowGuest, dir], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    }),
  );
  const ask = (id: number, length: number): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'getfile', params: { path, length } })}\n`;
  guest.child.stdin?.write(ask(1, 45_000));
  await guest.printed('stderr', /→ response 1 /);
  // The pipe has room for a part of this one.
  guest.child.stdin?.end(ask(2, 6000));
  await guest.printed('stderr', /→ response 2 /);
  // A guest that is right waits for the reader however long this is; one that is not has gone by then.
  await pause(200);
  (guest.child.stdio[3] as Writable).end('now\n');
  const { stdout } = await guest.ended;
  const answers = stdout.trimEnd().split('\n').slice(1);
  expect(answers.map((line) => (JSON.parse(line) as { result: { length: number } }).result.length)).toEqual([45_000, 6000]);
});

const slowGuest = ['guest', '-q', '--trace', '-c', 'stdio', '--protocol', 'jsonrpc-lines', '--allow-read'];
