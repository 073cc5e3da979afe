import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { acting, bin, folder, run, start } from './support.ts';

const call = ['call', 'ping', '-c', 'unix-connect', '-p', '/nowhere'];

/** One line that says what is wrong, one that says what to do, no stack. */
function lines(stderr: string): string[] {
  expect(stderr).not.toMatch(/^\s+at /m);
  const all = stderr.trimEnd().split('\n');
  expect(all[0]).toMatch(/^virtagent: [A-Z_]+: /);
  for (const line of all.slice(1)) expect(line).toMatch(/^ {2}→ /);
  return all;
}

describe('an option that is not allowed is named with its value and what it takes, and the exit code is 2', () => {
  test.each<[string, string[], RegExp]>([
    ['no channel', ['call', 'ping'], /--channel is missing; it takes one of unix-connect, /],
    ['an unknown channel', ['guest', '-c', 'pigeon'], /--channel is "pigeon"; it takes one of unix-connect, unix-listen, /],
    ['no path', ['call', 'ping', '-c', 'tcp-connect'], /--path is missing; it takes HOST:PORT/],
    ['an empty path', ['guest', '-c', 'unix-listen', '-p', ''], /--path is ""; it takes the path of a socket file/],
    ['a path for stdio', ['guest', '-c', 'stdio', '-p', 'x'], /--path is "x"; it takes nothing with --channel stdio/],
    ['a bad port', ['host', '-c', 'tcp-listen', '-p', 'localhost:70000'], /--path is "localhost:70000"; it takes HOST:PORT/],
    [
      'an unknown protocol',
      [...call, '--protocol', 'http'],
      /--protocol is "http"; it takes one of auto, virtagent-2, virtagent-v7, jsonrpc-lines/,
    ],
    ['a timeout of 0', [...call, '--timeout', '0'], /--timeout is "0"; it takes seconds/],
    ['a timeout that is no number', [...call, '--timeout', '5s'], /--timeout is "5s"; it takes seconds/],
    ['a timeout that no timer takes', [...call, '--timeout', '9e9'], /--timeout is "9e9"; it takes seconds/],
    ['an unknown role', [...call, '--role', 'dog'], /--role is "dog"; it takes one of host, guest/],
    ['parameters that are no JSON', ['call', 'ping', '{"a":', ...call.slice(2)], /JSON is "\{\\"a\\":"; it takes a JSON value: /],
    [
      'a number that JSON has and we have not',
      ['call', 'ping', '{"a":["1e9",-1e999]}', ...call.slice(2)],
      /a number of JSON is "-1e999"; it takes at most 1\.79/,
    ],
    ['help of an unknown command', ['help', 'nope'], /unknown command 'nope'/],
    ['an unknown option', [...call, '--timout', '3'], /unknown option '--timout' \(Did you mean --timeout\?\)/],
    ['an unknown command', ['cal'], /unknown command 'cal' \(Did you mean call\?\)/],
    ['an option without its value', ['guest', '-c'], /option '-c, --channel <name>' argument missing/],
    ['no method', ['call'], /missing required argument 'method'/],
    ['too many arguments', ['call', 'ping', '{}', 'more'], /too many arguments/],
    [
      'a directory that is none',
      ['guest', '-c', 'stdio', '--allow-read', '/dev/null'],
      /--allow-read is "\/dev\/null"; it takes a directory/,
    ],
    [
      'a command that is not there',
      ['guest', '-c', 'stdio', '--allow-shutdown', '/nonexistent'],
      /--allow-shutdown is "\/nonexistent"; it takes a program/,
    ],
    [
      'a command that is nowhere',
      ['guest', '-c', 'stdio', '--allow-shutdown', 'no-such-program'],
      /--allow-shutdown is "no-such-program"; it takes/,
    ],
    ['a command that is a directory', ['guest', '-c', 'stdio', '--allow-shutdown', '/'], /--allow-shutdown is "\/"; it takes a program/],
    ['an empty command', ['guest', '-c', 'stdio', '--allow-shutdown', ''], /--allow-shutdown is ""; it takes the path of a program/],
    [
      'a listener that retries',
      ['guest', '-c', 'unix-listen', '-p', '/x', '--retry'],
      /--channel is "unix-listen"; it takes unix-connect or/,
    ],
    ['pings without pause', ['guest', '-c', 'stdio', '--ping-host', '-1'], /--ping-host is "-1"; it takes seconds/],
    ['commands and a line on stdin', ['host', '-c', 'stdio'], /--channel is "stdio"; it takes another one without --exec/],
    [
      'a guest of qemu-ga',
      ['guest', '-c', 'stdio', '--protocol', 'qemu-ga'],
      /--protocol is "qemu-ga"; it takes one of virtagent-2, virtagent-v7, .* of qemu-ga the guest's side is the agent's own program/,
    ],
    [
      'a guest that is to find out',
      ['guest', '-c', 'stdio', '--protocol', 'auto'],
      /--protocol is "auto"; it takes one of .* it is the host that finds out/,
    ],
    [
      'a method where the address of an inspector would be',
      ['call', '--inspect', 'ping', ...call.slice(2)],
      /--inspect is "ping"; it takes HOST:PORT, or nothing; without an address it comes after the arguments of the command/,
    ],
    [
      'jobs shared over a line of another protocol',
      ['guest', '-c', 'stdio', '--protocol', 'jsonrpc-lines', '--inspect-share'],
      /--protocol is "jsonrpc-lines"; it takes virtagent-2 or auto with --inspect-share/,
    ],
    [
      'a reliable line of another protocol',
      [...call, '--protocol', 'jsonrpc-lines', '--reliable'],
      /--protocol is "jsonrpc-lines"; it takes virtagent-2 or auto with --reliable/,
    ],
    [
      'a directory to write that is none',
      ['guest', '-c', 'stdio', '--allow-write', '/none'],
      /--allow-write is "\/none"; it takes a directory/,
    ],
    [
      'a baud rate that is none',
      ['call', 'ping', '-c', 'isa-serial', '-p', '/dev/ttyS1', '--baud', 'fast'],
      /--baud is "fast"; it takes a whole/,
    ],
    ['a monitor of another channel', [...call, '--qmp', '/x'], /--qmp is "\/x"; it takes --channel qemu-chardev/],
    ['a wait of nothing', [...call, '--wait', '0'], /--wait is "0"; it takes seconds/],
    ['a copy on stdio to stdout', ['copy', 'guest:/x', '-', '-c', 'stdio'], /SRC or DST is "-"; it takes a file with --channel stdio/],
    ['a copy on stdio again', ['copy', 'guest:/x', '/tmp', '-c', 'stdio', '--retry'], /--channel is "stdio"; it takes any other channel/],
    ['an --exec that is no command', ['host', '-c', 'stdio', '--exec', '.nope'], /the command is "\.nope"; it takes one of \.jobs/],
    ['an --exec with bad JSON', ['host', '-c', 'stdio', '-e', 'ping {'], /JSON is "\{"; it takes a JSON value/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect(lines(stderr)[0]).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });
});

/** A user that may not do everything. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const mayRun = spawnSync(process.execPath, [bin, '--version'], nobody).status === 0;

test.runIf(mayRun).each(['--allow-read', '--allow-write'])(
  'a directory that this user can not enter is said at the start: %s',
  async (option) => {
    const dir = folder();
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'closed'), { mode: 0o000 });
    const { code, stderr } = await start(['guest', '-c', 'unix-listen', '-p', join(dir, 's'), option, join(dir, 'closed')], nobody).ended;
    expect(lines(stderr)[0]).toMatch(/closed"; it takes a directory that this user may enter$/);
    expect(code).toBe(2);
  },
);

describe('a line that can not be opened has its own code, and the exit code is 4', () => {
  test.each([
    ['call', 'ping'],
    ['guest', '-q'],
    ['host', '-q', '--exec', 'ping'],
  ])('%s', async (...command) => {
    const dir = folder();
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const cases: [string[], RegExp][] = [
      [['-c', 'unix-connect', '-p', join(dir, 'none')], /CHANNEL_NOT_FOUND: unix-connect .*none: there is nothing at that address/],
      [['-c', 'unix-connect', '-p', file], /CHANNEL_UNUSABLE: unix-connect .*file: what is there is no socket/],
      [['-c', 'unix-listen', '-p', file], /CHANNEL_UNUSABLE: unix-listen .*file: what is there is no socket, and is not overwritten/],
      [['-c', 'tcp-connect', '-p', '127.0.0.1:1'], /CHANNEL_REFUSED: tcp-connect 127.0.0.1:1: nobody listens there/],
    ];
    const ended = await Promise.all(cases.map(async ([line]) => run([...command, ...line])));
    for (const [at, { code, stderr, stdout }] of ended.entries()) {
      expect(lines(stderr)[0]).toMatch((cases[at] as [string[], RegExp])[1]);
      expect([code, stdout]).toEqual([4, '']);
    }
  });

  test('an address that is in use', async () => {
    const path = join(folder(), 's');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { code, stderr } = await run(['guest', '-c', 'unix-listen', '-p', path]);
    expect(lines(stderr)[0]).toMatch(/CHANNEL_IN_USE: unix-listen .*: another process listens there/);
    expect(code).toBe(4);
  });
});

describe('a serial line that can not be opened says why', () => {
  test.each([
    ['call', 'ping'],
    ['guest', '-q'],
    ['copy', 'guest:/x', '-'],
  ])('%s', async (...command) => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const cases: [string[], RegExp][] = [
      [['-c', 'virtio-serial', '-p', 'org.none'], /CHANNEL_NOT_FOUND: virtio-serial org\.none: there is no port of that name/],
      [['-c', 'virtio-serial', '-p', file], /CHANNEL_UNUSABLE: virtio-serial .*file: what is there is no character device/],
      [['-c', 'isa-serial', '-p', `${file}-none`], /CHANNEL_NOT_FOUND: isa-serial .*none: there is nothing at that address/],
      [['-c', 'isa-serial', '-p', file], /CHANNEL_UNUSABLE: isa-serial .*file: that is no device/],
      [['-c', 'isa-serial', '-p', '/dev/null'], /CHANNEL_UNUSABLE: isa-serial \/dev\/null: that device is no serial port and no terminal/],
      [
        ['-c', 'qemu-chardev', '-p', `${file}-none`, '--wait', '1'],
        /CHANNEL_NOT_FOUND: qemu-chardev .*none: there is nothing .*waited 1 s/,
      ],
    ];
    const ended = await Promise.all(cases.map(async ([line]) => run([...command, ...line])));
    for (const [at, { code, stderr, stdout }] of ended.entries()) {
      expect(lines(stderr)[0]).toMatch((cases[at] as [string[], RegExp])[1]);
      expect([code, stdout]).toEqual([4, '']);
    }
  });
});

test('what can go wrong with exec has a code of its own', async () => {
  const exec = ['exec', '-c', 'unix-connect', '-p', '/nowhere', '--protocol', 'qemu-ga'];
  const cases: [string[], RegExp][] = [
    [
      ['exec', '-c', 'unix-connect', '-p', '/nowhere', '--protocol', 'virtagent-v7', '--', 'true'],
      /--protocol is "virtagent-v7"; it takes qemu-ga or auto with exec/,
    ],
    [['exec', '-c', 'unix-connect', '-p', '/nowhere', '--', 'true'], /CHANNEL_NOT_FOUND: unix-connect \/nowhere/],
    [[...exec], /missing required argument 'command'/],
    [[...exec, '--', ''], /COMMAND is ""; it takes a program of the guest/],
    [[...exec, '--env', '=x', '--', 'true'], /--env is "=x"; it takes NAME=VALUE/],
    [[...exec, '--stream', '--json', '--', 'true'], /--stream is .*no --json/],
    [[...exec.slice(0, 5), '--reliable', '--', 'true'], /--reliable is of virtagent-2, which QEMU's guest agent does not speak/],
    [[...exec, '--nope', '--', 'true'], /unknown option '--nope'/],
    [[...exec, '--', 'true'], /CHANNEL_NOT_FOUND: unix-connect \/nowhere/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([125, '']);
  }
});

test('with --json errors are JSON on standard error', async () => {
  const { code, stderr } = await run(['call', 'ping', '-c', 'nope', '--json']);
  const error = JSON.parse(stderr) as { code: string; message: string; remedy: string };
  expect([code, error.code]).toEqual([2, 'INVALID_OPTION']);
  expect(error.message).toContain('--channel is "nope"');
  for (const args of [
    ['call', '--json', '--nope'],
    ['call', '--json=1', 'ping'],
    ['help', 'nope', '--json'],
  ])
    expect(JSON.parse((await run(args)).stderr)).toMatchObject({ code: 'INVALID_OPTION' });
});

test('without a command the help is shown, as an error', async () => {
  const { code, stdout, stderr } = await run([]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Usage: virtagent/);
});

test.each([
  ['--help'],
  ['guest', '--help'],
  ['host', '--help'],
  ['call', '--help'],
  ['copy', '--help'],
  ['exec', '--help'],
  ['demo', '--help'],
  ['help', 'call'],
])('asked for, the help is no error: %s %s', async (...args) => {
  const { code, stdout } = await run(args.filter((one) => one !== undefined));
  expect(code).toBe(0);
  for (const part of ['Usage: virtagent', 'Examples:', 'Exit codes:', '130']) expect(stdout).toContain(part);
});

test('the help of exec has no options that its agent has no use for', async () => {
  const [call, exec] = await Promise.all([run(['call', '--help']), run(['exec', '--help'])]);
  for (const option of ['--reliable', '--inspect-share', '--inspect-over-line']) {
    expect(call.stdout).toContain(`  ${option} `);
    expect(exec.stdout).not.toContain(`  ${option} `);
  }
});

test('the version is that of the package', async () => {
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
  expect((await run(['--version'])).stdout).toBe(`${version}\n`);
});

test('the control characters of an argument reach no terminal', async () => {
  const { stderr } = await run(['call', 'ping', '-c', '\u001b[31m\u009b31m\u202e']);
  expect(stderr).toContain(String.raw`--channel is "\u001b[31m\u009b31m\u202e"; it takes`);
  expect(stderr).not.toMatch(acting);
  const unknown = await run(['call', '--\u001b[31m']);
  expect(unknown.stderr).not.toMatch(acting);
  expect(unknown.stderr).toContain(String.raw`--\u001b[31m`);
});

test('the command is one executable file', () => {
  const running = start(['--version']);
  expect(running.child.spawnargs[1]).toBe(bin);
  return expect(running.ended).resolves.toMatchObject({ code: 0 });
});
