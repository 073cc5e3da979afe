import { describe, expect, test } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { execExitNameOf } from '../../cli/exit-codes.ts';
import { exitStatusOf, pauseMs, readStatus, runCommand, type CommandRunner } from '../../cli/guest-command.ts';
import { streamCommand } from '../../cli/guest-command-stream.ts';
import { rejection } from '../support/peers.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** An agent that says what it was given to say, and tells what it was asked. */
function scripted(answers: readonly unknown[]): { runner: CommandRunner; calls: [string, object][]; pauses: number[] } {
  const calls: [string, object][] = [];
  const pauses: number[] = [];
  const left = [...answers];
  const runner: CommandRunner = {
    call: async (method, params) => {
      calls.push([method, params]);
      return left.shift();
    },
    pause: async (ms) => void pauses.push(ms),
  };
  return { runner, calls, pauses };
}

test('a command is started with what it was given, and asked after until it has ended', async () => {
  const running = { exited: false };
  const ended = { exited: true, exitcode: 3, 'out-data': base64('out'), 'err-data': base64('err'), 'err-truncated': true };
  const { runner, calls, pauses } = scripted([{ pid: 7 }, running, running, ended]);
  const status = await runCommand(runner, { path: 'sort', args: ['-r'], env: ['A=B'], input: Buffer.from('in') });
  expect(status).toMatchObject({ exitCode: 3, signal: undefined, outTruncated: false, errTruncated: true });
  expect([status.out.toString(), status.err.toString(), exitStatusOf(status)]).toEqual(['out', 'err', 3]);
  expect(calls).toEqual([
    ['guest-exec', { path: 'sort', arg: ['-r'], env: ['A=B'], 'input-data': base64('in'), 'capture-output': true }],
    ['guest-exec-status', { pid: 7 }],
    ['guest-exec-status', { pid: 7 }],
    ['guest-exec-status', { pid: 7 }],
  ]);
  expect(pauses).toEqual([20, 30]);
});

test('pauses grow to a second, and no further', () => {
  const pauses = Array.from({ length: 50 }, (_, asked) => pauseMs(asked));
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  expect([pauses[0], pauses.at(-1)]).toEqual([20, 1000]);
  expect(pauseMs(1e9)).toBe(1000);
});

test('a status is what a shell would give', () => {
  const of = (answer: object): number => exitStatusOf(readStatus({ exited: true, ...answer }));
  expect([of({ exitcode: 0 }), of({ exitcode: 255 }), of({ signal: 9 }), of({ signal: 15, exitcode: 0 })]).toEqual([0, 255, 137, 143]);
  // Of Windows: an exception's number.
  expect(of({ exitcode: -1_073_741_819 })).toBe(5);
  // What is cut to a byte is no success because of that.
  expect([of({ exitcode: 256 }), of({ exitcode: 0xc000_0100 }), of({ exitcode: -256 })]).toEqual([1, 1, 1]);
  expect(() => of({})).toThrow('it has neither exitcode nor signal');
});

describe('answers that can not be used are refused', () => {
  test.each<unknown>([
    null,
    5,
    [],
    {},
    { exited: 'yes' },
    { exited: true, exitcode: 'x' },
    { exited: true, exitcode: 2 ** 40 },
    { exited: true, signal: 999 },
    { exited: true, 'out-data': 5 },
    { exited: true, 'out-data': 'not base64' },
  ])('%j', (answer) => {
    expect(() => readStatus(answer)).toThrow(expect.objectContaining({ code: 'INVALID_RESPONSE' }));
  });

  test.each<unknown>([null, {}, { pid: 0 }, { pid: -1 }, { pid: '7' }, { pid: 1.5 }])('as a process: %j', async (answer) => {
    expect(await rejection(runCommand(scripted([answer]).runner, { path: 'x', args: [] }))).toMatchObject({ code: 'INVALID_RESPONSE' });
  });
});

describe('output that is read while the command runs', () => {
  const chunk = (text: string, eof: boolean): object => ({ count: text.length, 'buf-b64': base64(text), eof });
  const made = [{ pid: 1 }, { exited: true, exitcode: 0, 'out-data': base64('/tmp/x') }, 5, 6];

  test('comes piece by piece, and what is left at the end too', async () => {
    const { runner, calls } = scripted([
      ...made,
      { pid: 2 },
      { exited: false },
      chunk('a', false),
      chunk('b', true),
      chunk('', true),
      { exited: true, exitcode: 4 },
      ...[{ position: 2 }, { position: 3 }, { position: 2 }],
      chunk('c', true),
      ...[{ position: 0 }, { position: 1 }, { position: 0 }],
      // Of a child that it left behind, and that goes on.
      chunk('e', false),
      chunk('and on', false),
    ]);
    const cleaner = scripted([{}, {}, { pid: 3 }]);
    const seen: string[] = [];
    const outputs = {
      out: async (bytes: Buffer) => void seen.push(`out ${bytes.toString()}`),
      err: async (bytes: Buffer) => void seen.push(`err ${bytes.toString()}`),
    };
    const pids: number[] = [];
    const status = await streamCommand(runner, cleaner.runner, { path: 'ls', args: ['-l'] }, (pid) => pids.push(pid), outputs);
    expect([status.exitCode, seen, pids]).toEqual([4, ['out a', 'out b', 'out c', 'err e'], [2]]);
    expect(calls.find(([, params]) => JSON.stringify(params).includes('"ls"'))?.[1]).toMatchObject({
      path: '/bin/sh',
      arg: ['-c', 'd=$1; shift; exec "$@" >"$d/out" 2>"$d/err"', 'sh', '/tmp/x', 'ls', '-l'],
    });
    expect(cleaner.calls.map(([method]) => method)).toEqual(['guest-file-close', 'guest-file-close', 'guest-exec']);
    expect(cleaner.calls[2]?.[1]).toMatchObject({ arg: ['-c', 'rm -rf -- "$1"', 'sh', '/tmp/x'] });
  });

  test('ends the command as a pipe would when nobody reads it any more', async () => {
    const { runner, calls } = scripted([
      ...made,
      { pid: 2 },
      ...[{ exited: false }, chunk('a', true), chunk('', true)],
      ...[{ pid: 9 }, { exited: true, exitcode: 0 }],
      ...[{ exited: false }, chunk('b', true), chunk('', true)],
      { exited: true, signal: 13 },
      ...[{ position: 2 }, { position: 2 }, { position: 2 }],
      ...[{ position: 0 }, { position: 0 }, { position: 0 }],
    ]);
    const outputs = { out: async () => {}, err: async () => {}, hasLeft: () => true };
    const status = await streamCommand(runner, scripted([{}, {}, { pid: 3 }]).runner, { path: 'ls', args: [] }, () => {}, outputs);
    expect(status.signal).toBe(13);
    const kills = calls.filter(([, params]) => JSON.stringify(params).includes('kill'));
    expect(kills).toMatchObject([['guest-exec', { path: '/bin/sh', arg: ['-c', 'kill -PIPE "$1"', 'sh', '2'] }]]);
  });

  test('leaves nothing open when the command is given up', async () => {
    const { runner } = scripted([...made, { pid: 2 }, { exited: false }, chunk('', true), chunk('', true)]);
    const cleaner = scripted([{}, {}, { pid: 3 }]);
    const stopped = { ...runner, pause: async () => Promise.reject(new Error('stopped')) };
    const outputs = { out: async () => {}, err: async () => {} };
    const error = await rejection(streamCommand(stopped, cleaner.runner, { path: 'ls', args: [] }, () => {}, outputs));
    expect(error.message).toBe('stopped');
    expect(cleaner.calls).toHaveLength(3);
  });

  test('is refused where there is no shell', async () => {
    const { runner } = scripted([{ pid: 1 }, { exited: true, exitcode: 127 }]);
    const outputs = { out: async () => {}, err: async () => {} };
    const error = await rejection(streamCommand(runner, scripted([]).runner, { path: 'ls', args: [] }, () => {}, outputs));
    expect(error).toMatchObject({ code: 'UNSUPPORTED' });
  });
});

test("our own failures have codes that stand apart from most commands' own", () => {
  const failed = (code: 'TIMEOUT' | 'LINE_LOST' | 'INVALID_OPTION' | 'REMOTE_ERROR', message = '', method = 'guest-exec'): string =>
    execExitNameOf(new VirtagentError(code, message, { method }));
  expect(failed('TIMEOUT')).toBe('execTimeout');
  expect(failed('LINE_LOST')).toBe('execFailed');
  expect(failed('INVALID_OPTION')).toBe('execFailed');
  expect(failed('REMOTE_ERROR', 'Failed to execute child process “x” (No such file or directory)')).toBe('execMissing');
  expect(failed('REMOTE_ERROR', 'Failed to execute child process “x” (Permission denied)')).toBe('execDenied');
  expect(failed('REMOTE_ERROR', 'No such file or directory', 'guest-file-open')).toBe('execFailed');
  expect(execExitNameOf(new TypeError())).toBe('execFailed');
});
