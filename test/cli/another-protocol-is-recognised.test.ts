import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { protocolOf, silenceHint } from '../../cli/first-bytes.ts';
import { protocolNames } from '../../transport/protocols.ts';
import { folder, guestAt, run } from './support.ts';

async function listener(path: string, onPeer: (socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onPeer(socket);
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}

describe('the first bytes of a line tell its protocol', () => {
  test.each<[string, string | undefined]>([
    ['\xffPOST /RPC2 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 20\r\n', 'virtagent-v7'],
    ['noise\xffHTTP/1.1 200 OK\r\nContent-Length: 20\r\n', 'virtagent-v7'],
    ['{"jsonrpc":"2.0","method":"hello","id":1}\n', 'jsonrpc-lines'],
    ['{"id":1,"result":{},"jsonrpc":"2.0"}\n', 'jsonrpc-lines'],
    ['Content-Length: 40\r\n\r\n{"jsonrpc":"2.0"', 'jsonrpc-headers'],
    ['{"return": {}}\n', 'qemu-ga'],
    ['{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'P\'"}}\n', 'qemu-ga'],
    ['\xff{"return": 5}\n', 'qemu-ga'],
    ['{"QMP": {"version": {"qemu": {"micro": 22}}}}\r\n', 'qmp'],
    ['\xff\x10\x00\x00\x29\x02', 'virtagent-2'],
    ['Debian GNU/Linux 12 vm ttyS1\r\n\r\nvm login: ', undefined],
    ['', undefined],
    ['\x00\xff\x80\xfe', undefined],
  ])('%j', (text, found) => {
    expect(protocolOf(Buffer.from(text, 'latin1'))).toBe(found);
  });

  test('a peer is told of any other, and that its own is no answer', () => {
    expect(silenceHint(Buffer.from('{"return": {}}'), 'virtagent-v7')).toContain('try --protocol qemu-ga');
    for (const name of ['qemu-ga', 'auto'] as const)
      expect(silenceHint(Buffer.from('{"return": {}}'), name)).toBe(
        'what came back looks like qemu-ga, and answers nothing: "{\\"return\\": {}}"',
      );
    for (const name of protocolNames) expect(silenceHint(Buffer.from('login: '), name)).toContain(`is not ${name}`);
  });
});

test('a call to a guest of another protocol says which', async () => {
  const path = join(folder(), 's');
  await guestAt(path, '--protocol', 'jsonrpc-lines');
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2', '--protocol', 'virtagent-v7']);
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^virtagent: TIMEOUT: ping .*: what came back looks like jsonrpc-lines: try --protocol jsonrpc-lines \(known: [^\n]*\n {2}→ Correct --protocol/,
  );
  expect(stderr).not.toContain('Raise --timeout');
});

test('a call that a guest agent answers, with its id, says that it is one', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => {
    socket.on('data', (line: Buffer) => {
      const { id } = JSON.parse(line.toString()) as { id: unknown };
      socket.write(`${JSON.stringify({ id, error: { class: 'GenericError', desc: "QMP input member 'jsonrpc' is unexpected" } })}\n`);
    });
  });
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--protocol', 'jsonrpc-lines']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^virtagent: INVALID_RESPONSE: .*: what came back looks like qemu-ga: try --protocol qemu-ga \(known: [^\n]*\n {2}→ Correct --protocol[^\n]*\n$/,
  );
});

test("a call to QEMU's monitor says that it is one", async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume().write('{"QMP": {"version": {}, "capabilities": []}}\r\n'));
  const call = ['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2', '--json'];
  const namesSocket = expect.stringMatching(/^Name the guest's own socket in --path/) as string;
  const found = await run(call);
  expect([found.code, JSON.parse(found.stderr)]).toMatchObject([
    4,
    {
      code: 'PROTOCOL_MISMATCH',
      known: 'not-sent',
      message: expect.stringContaining("QEMU's monitor (QMP)") as string,
      remedy: namesSocket,
    },
  ]);
  const { stderr } = await run([...call, '--protocol', 'virtagent-v7']);
  const message = expect.stringContaining("what came back is of QEMU's monitor (QMP)") as string;
  expect(JSON.parse(stderr)).toMatchObject({ code: 'TIMEOUT', message, remedy: namesSocket });
});

test('a call to who is none of them says what was seen', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume().write('Debian GNU/Linux 12 vm ttyS1\r\n\r\n\u001b[0mvm login: '));
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2']);
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^virtagent: TIMEOUT: ping .*: what came back is of none of the protocols: "Debian GNU\/Linux 12 vm ttyS1\\r.*"; .*\n {2}→ Correct --protocol, --path or the baud rate/,
  );
});

test.each(['{"id":1,"error":"bad","result":null}', '{"return": 5}'])('a call to who says nothing but %s says so', async (said) => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume().write(`${said}\n`));
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2', '--json']);
  expect(code).toBe(3);
  expect((JSON.parse(stderr) as { message: string }).message).toContain(
    `what came back looks like qemu-ga, and answers nothing: ${JSON.stringify(`${said}\n`)}`,
  );
});

test('a call that a guest runs for too long is not told that it answers nothing', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => {
    const guest = createPeer({ stream: socket, methods: { hang: () => new Promise<never>(() => {}) } });
    onTestFinished(() => guest.close());
  });
  const { stderr } = await run(['call', 'hang', '-c', 'unix-connect', '-p', path, '--timeout', '4']);
  expect(stderr).toMatch(/^virtagent: TIMEOUT: hang had no response within its deadline \(known: perhaps-executed\)\n {2}→ [^\n]+\n$/);
});

test('a call that nobody answers says that nothing came back', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume());
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2']);
  expect(code).toBe(3);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(
    '  → Nothing came back: does an agent run at the other end, and no other program hold the line?',
  );
});

test('a call that is answered late, in the right protocol, is not told of others', async () => {
  const path = join(folder(), 's');
  await listener(path, (socket) => void socket.resume().write('{"jsonrpc":"2.0","method":"note"}\n'));
  const args = ['call', 'ping', '-c', 'unix-connect', '-p', path, '--timeout', '2', '--protocol', 'jsonrpc-lines'];
  expect((await run(args)).stderr).toMatch(
    /^virtagent: TIMEOUT: ping had no response within its deadline \(known: perhaps-executed\)\n {2}→ [^\n]+\n$/,
  );
});
