import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { HostConsole } from '../../cli/host-console.ts';
import { Log } from '../../cli/log.ts';
import { Output } from '../../cli/output.ts';
import { Session } from '../../cli/session.ts';
import type { LineOptions } from '../../cli/line-options.ts';
import { Stopping } from '../../cli/stopping.ts';
import { unixConnect } from '../../transport/channels/unix.ts';
import { folder, guestAt, run, start, type Running } from './support.ts';

/** A guest of which the test decides what it answers. It is told of each request. */
async function guest(onRequest: (answer: () => void, socket: Socket) => void): Promise<string[]> {
  const path = join(folder(), 's');
  const server = createServer((socket) => {
    let begun = '';
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) {
        const { id } = JSON.parse(line) as { id: unknown };
        onRequest(() => socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: null })}\n`), socket);
      }
    });
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return ['-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines'];
}

/** A host with its input, which has no end yet. */
function hostWith(lines: string, line: readonly string[], ...options: string[]): Running {
  const host = start(['host', '-q', ...line, ...options]);
  host.child.stdin?.write(lines);
  return host;
}

const errorsIn = (stderr: string): string[] => stderr.split('\n').filter((line) => /^virtagent: [A-Z_]+:/.test(line));

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('%s ends a host that has many lines before it, and only the call that is out is cancelled', async (signal, code) => {
  const line = await guest(() => {});
  const host = hostWith('ping\n'.repeat(10_000), line, '--trace');
  await host.printed('stderr', '→ request');
  const ended = await host.stop(signal);
  expect(errorsIn(ended.stderr)).toEqual(['virtagent: CANCELLED: ping was cancelled (known: perhaps-executed)']);
  expect(ended.code).toBe(code);
});

test('what stands behind .quit is not run', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { code, stdout, stderr } = await run(['host', '-q', '-c', 'unix-connect', '-p', path], 'ping\n.quit\ncapabilities\n');
  expect([code, stdout, stderr]).toEqual([0, 'null\n', '']);
});

test('when nobody reads the results any more, no more lines are run', async () => {
  const requests: (() => void)[] = [];
  let isOpen = true;
  const line = await guest((answer) => {
    requests.push(answer);
    if (requests.length < 3 || !isOpen) answer();
  });
  const host = hostWith('ping\n'.repeat(1000), line);
  await host.printed('stdout', 'null\nnull\n');
  host.child.stdout?.destroy();
  isOpen = false;
  requests[2]?.();
  expect(await host.ended).toMatchObject({ code: 0, signal: null });
  expect(requests.length).toBeLessThan(1000);
});

test('at most a hundred calls are left in the background', async () => {
  const out: (() => void)[] = [];
  let most = 0;
  const line = await guest((answer) => {
    most = Math.max(most, out.push(answer));
    // Later, so that all that were sent at once are counted.
    if (out.length === 100) setImmediate(() => out.splice(0).forEach((one) => one()));
  });
  const { code, stdout, stderr } = await run(['host', '-q', ...line], 'ping &\n'.repeat(300));
  expect([code, stdout, stderr]).toEqual([0, 'null\n'.repeat(300), '']);
  expect(most).toBe(100);
});

test('nothing warns of the number of calls that wait for a line to be understood', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  const { code, stdout, stderr } = await run(['host', '-q', '-c', 'unix-connect', '-p', path], 'ping &\n'.repeat(12));
  expect([code, stdout, stderr]).toEqual([0, 'null\n'.repeat(12), '']);
});

test('when the line is lost no more lines are run, and it is said once', async () => {
  const line = await guest((_, socket) => void socket.destroy());
  const { code, stderr } = await hostWith('ping\n'.repeat(1000), line).ended;
  expect(errorsIn(stderr)).toEqual([
    expect.stringMatching(/LINE_LOST: .* during ping \(known: perhaps-executed\)$/),
    expect.stringMatching(/LINE_LOST: the peer closed the line$/),
  ]);
  expect(stderr.split('\n').filter((one) => one.startsWith('  → '))).toHaveLength(2);
  expect(code).toBe(5);
});

test('a command for which there is no line any more was not sent', async () => {
  const stream = new PassThrough();
  const err = new Output(stream as never, { mayDrop: true });
  const log = { json: false, quiet: true };
  const path = join(folder(), 'none');
  const line: LineOptions = { channelName: 'unix-connect', channel: unixConnect(path), protocol: 'jsonrpc-lines', trace: 'none', log };
  const session = await Session.open({ line, role: 'host', methods: {}, reopens: false, retries: false, log: new Log(err, log), err });
  onTestFinished(() => session.end(0));
  await session.ended();
  using stopping = new Stopping();
  const console = new HostConsole(session, line, 1000, { out: err, err, stopping });
  await console.runList([{ type: 'call', method: 'ping', params: undefined, waits: true }]);
  expect(console.exit).toBe('noLine');
  expect(String(stream.read())).toMatch(/^virtagent: CHANNEL_NOT_FOUND: ping: unix-connect .* \(known: not-sent\)\n/);
});
