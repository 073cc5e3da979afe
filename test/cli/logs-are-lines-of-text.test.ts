import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { Log } from '../../cli/log.ts';
import { Output } from '../../cli/output.ts';
import { Session } from '../../cli/session.ts';
import { jsonLine, oneLine } from '../../cli/text.ts';
import { unixListen } from '../../transport/channels/unix.ts';
import { acting, answered, folder, guestAt, hostAt, run } from './support.ts';

const evil = 'a\n\r\u0000\u001b[31m\u007f\u009b\u200b\u202e\u2028\ufeff\ud800z';

function captured(): { err: Output; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { err: new Output(stream as never, { mayDrop: true }), text: () => text };
}

test('text becomes one line of what can be printed', () => {
  expect(oneLine(evil)).toBe(String.raw`a\u000a\u000d\u0000\u001b[31m\u007f\u009b\u200b\u202e\u2028\ufeff\ud800z`);
  expect(oneLine('äöü 漢字 👍')).toBe('äöü 漢字 👍');
  expect(oneLine('x'.repeat(600))).toBe(`${'x'.repeat(500)}…`);
});

test('a value becomes one line of JSON that means the same', () => {
  const value = { [evil]: [evil, '\u{e0001}', null, 1] };
  expect(JSON.parse(jsonLine(value))).toEqual(value);
  expect(jsonLine(value)).toMatch(/^[\x20-\x7e]+$/);
  expect(jsonLine(undefined)).toBe('null');
});

test('a log line is text, or a JSON object with its time and event', () => {
  const plain = captured();
  new Log(plain.err, { json: false, quiet: false }).info('listening', evil);
  expect(plain.text()).toMatch(/^virtagent: a\\u000a[^\n]*\n$/);
  const json = captured();
  new Log(json.err, { json: true, quiet: false }).warn('damage', 'text', { reason: evil });
  expect(JSON.parse(json.text())).toEqual({
    time: expect.any(String) as string,
    level: 'warn',
    event: 'damage',
    message: 'text',
    reason: evil,
  });
  expect(json.text()).toMatch(/^[\x20-\x7e]+\n$/);
  const quiet = captured();
  new Log(quiet.err, { json: false, quiet: true }).warn('damage', 'text');
  expect(quiet.text()).toBe('');
});

test('a method that throws is answered without its stack, and logged in a line', async () => {
  const path = join(folder(), 's');
  const { err, text } = captured();
  const log = new Log(err, { json: false, quiet: false });
  const session = await Session.open({
    line: {
      channelName: 'unix-listen',
      channel: unixListen(path),
      protocol: 'jsonrpc-lines',
      trace: 'none',
      log: { json: false, quiet: false },
    },
    role: 'guest',
    methods: {
      boom() {
        throw new Error(`broken\n${evil}`);
      },
    },
    reopens: true,
    retries: false,
    log,
    err,
  });
  onTestFinished(() => session.end(0));
  const host = await hostAt(path, 'jsonrpc-lines');
  const error = await answered(host.call('boom'));
  expect(error).toMatchObject({ code: 'HANDLER_FAILED', number: -32603 });
  expect(JSON.stringify(error)).not.toContain('logs-are-lines');
  expect(
    text()
      .split('\n')
      .filter((line) => line.includes('"boom" failed: broken')),
  ).toHaveLength(1);
  expect(text()).not.toMatch(acting);
  expect(text()).not.toMatch(/^\s+at /m);
});

test('what a peer calls itself and its methods reaches no terminal', async () => {
  const path = join(folder(), 's');
  const guest = await guestAt(path, '--protocol', 'jsonrpc-lines', '--trace');
  const { code, stderr } = await run([
    'call',
    evil.replace('\u0000', '').replace('\ud800', ''),
    '-c',
    'unix-connect',
    '-p',
    path,
    '--protocol',
    'jsonrpc-lines',
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^virtagent: METHOD_NOT_FOUND: /);
  for (const text of [stderr, guest.stderr]) expect(text).not.toMatch(acting);
});

test('lines that nobody reads are dropped beyond a bound, and counted', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const err = new Output(stream as never, { mayDrop: true });
  for (let at = 0; at < 3000; at++) err.line('x'.repeat(1000));
  expect(stream.writableLength).toBeLessThan(1.1 * 1024 * 1024);
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  while (stream.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  err.line('and on');
  expect(text).toMatch(/… \d+ lines dropped: nobody read them\nand on\n$/);
});

test('colours are for terminals that have them, where nobody said no', () => {
  const { NO_COLOR, TERM } = process.env;
  onTestFinished(() => {
    for (const [name, value] of Object.entries({ NO_COLOR, TERM })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const has = (isTTY: boolean, noColor: string, term: string): boolean => {
    Object.assign(process.env, { NO_COLOR: noColor, TERM: term });
    return new Output(Object.assign(new PassThrough(), { isTTY }) as never, { mayDrop: true }).hasColours;
  };
  expect([has(true, '', 'xterm'), has(false, '', 'xterm'), has(true, '1', 'xterm'), has(true, '', 'dumb')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
