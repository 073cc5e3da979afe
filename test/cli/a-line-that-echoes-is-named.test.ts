import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LineEcho } from '../../cli/line-echo.ts';
import { encodeHello } from '../../transport/codecs/virtagent-2-frames.ts';
import { probeBytes } from '../../transport/detect/probes.ts';
import { folder, run } from './support.ts';

/** Whether that is an echo of what was said. */
function isEcho(said: readonly (string | Uint8Array)[], heard: string): boolean {
  const echo = new LineEcho();
  for (const one of said) echo.said(typeof one === 'string' ? Buffer.from(one, 'latin1') : one);
  for (const byte of Buffer.from(heard, 'latin1')) echo.heard(Uint8Array.of(byte));
  return echo.isHeard;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const [hello, question, sync] = (['virtagent-2', 'virtagent-v7', 'qemu-ga'] as const).map((name) =>
  probeBytes(name, () => '3a22437260f6'),
) as [Uint8Array, Uint8Array, Uint8Array];
/** As a terminal shows it, whose other bytes were keys to it. */
const shownHello = '\xff^P^@^@)^B^@:"C\b \b\b \b';

describe('what was said is known again', () => {
  test.each([
    ['as it was', [hello], latin1(hello)],
    ['behind a login prompt, in the midst of it', [sync], `vm login: ${latin1(sync)}\r\nPassword: `],
    ['with other ends of lines', [question], latin1(question).replaceAll('\r\n', '\r\n\r\n')],
    ['with its control characters shown', [hello], shownHello],
    ['after others', [hello, question, sync], latin1(hello)],
  ])('%s', (_, said, heard) => {
    expect(isEcho(said, heard)).toBe(true);
  });
});

describe('what is another’s is not taken for it', () => {
  const tag = 'X-Virtagent-Client-Tag: detect.3a22437260f6\r\n\r\n';
  const other = encodeHello({
    version: 2,
    reliable: false,
    line: 'a1'.repeat(6),
    seen: '',
    half: 'b2'.repeat(6),
    other: '',
    got: 0,
    sent: 0,
    clock: 0,
  });
  test.each([
    ['nothing', [hello], ''],
    [
      'the answer to a question',
      [question],
      `\xffHTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 30\r\n${tag}{"errnum": 0}\xff`,
    ],
    ['the answer to a sync', [sync], '\xff{"return": 63913520767222}\n'],
    ['a HELLO', [hello], latin1(other)],
    ['the first words of a terminal that was set up since', [hello, question, sync, 'the first call', 'the second call'], shownHello],
    ['what is too short to be known', ['a\n'], 'a\r\n'],
  ])('%s', (_, said, heard) => {
    expect(isEcho(said, heard)).toBe(false);
  });
});

test('a line that is watched carries all that it did', async () => {
  const line = new PassThrough();
  const echo = new LineEcho();
  expect(echo.watch(line)).toBe(line);
  line.write('what is said to it\n');
  expect(String((await once(line, 'data'))[0])).toBe('what is said to it\n');
});

const line = (path: string): string[] => ['-c', 'unix-connect', '-p', path, '--timeout', '2'];

test.each([
  ['call', ['call', 'ping'], 3],
  ['call --protocol virtagent-2', ['call', 'ping', '--protocol', 'virtagent-2'], 3],
  ['call --protocol virtagent-v7', ['call', 'ping', '--protocol', 'virtagent-v7'], 3],
  ['call --protocol jsonrpc-lines', ['call', 'ping', '--protocol', 'jsonrpc-lines'], 3],
  ['copy', ['copy', 'guest:/etc/hostname', '-'], 3],
  ['exec', ['exec', '--no-stdin', 'true'], 124],
  ['host', ['host', '-q', '-e', 'ping'], 3],
])('%s says that the line echoes, and shows what', async (_, [command = '', ...args], exit) => {
  const path = join(folder(), 's');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('vm login: ');
    socket.pipe(socket);
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { code, stdout, stderr } = await run([command, ...line(path), ...args]);
  expect([code, stdout]).toEqual([exit, '']);
  expect(stderr).toMatch(
    /^virtagent: TIMEOUT: .*: what this side says comes back to it: the line echoes, as a login prompt .*: "vm login: /,
  );
});
