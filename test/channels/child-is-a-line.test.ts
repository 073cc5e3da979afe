import { once } from 'node:events';
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { childChannel } from '../../transport/channels/index.ts';
import { bytes, closing, codeOf, folder, line, never, text, turns, until } from './support.ts';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const script = (text: string, options = {}): ReturnType<typeof childChannel> => closing(childChannel('sh', ['-c', text], options));

test("what is written goes to the program's stdin, and its stdout comes back", async () => {
  const channel = closing(childChannel('cat'));
  expect(channel).toMatchObject({ name: 'child cat', reopens: true });
  const opened = await line(channel);
  const sent = Buffer.alloc(2_000_000, 'a line\n');
  opened.end(sent);
  expect((await text(opened)) === sent.toString('latin1')).toBe(true);
});

test('each open() starts it anew', async () => {
  const channel = script('echo $$');
  const [first, second] = [await text(await line(channel)), await text(await line(channel))];
  expect(first).not.toBe(second);
});

test('no shell comes between: an argument is one argument', async () => {
  const opened = await line(closing(childChannel('printf', ['%s', '$HOME; "a b" `id`'])));
  expect(await text(opened)).toBe('$HOME; "a b" `id`');
});

test('its folder and its environment are those given', async () => {
  const cwd = realpathSync(folder());
  expect(await text(await line(script('pwd; echo "$WHO-$HOME"', { cwd, env: { WHO: 'me', PATH: process.env.PATH } })))).toBe(
    `${cwd}\nme-\n`,
  );
});

test('what it says to stderr goes to onStderr', async () => {
  let said = '';
  const opened = await line(script('echo out; echo oops >&2', { onStderr: (chunk: Buffer) => (said += chunk.toString()) }));
  expect(await text(opened)).toBe('out\n');
  await until(() => said === 'oops\n');
});

test('CHANNEL_NOT_FOUND: no such program, or no such folder to start it in', async () => {
  expect(await codeOf(childChannel('/no/such/program').open(never), 'child /no/such/program')).toBe('CHANNEL_NOT_FOUND');
  expect(await codeOf(childChannel('no-such-program').open(never), 'child no-such-program')).toBe('CHANNEL_NOT_FOUND');
  expect(await codeOf(childChannel('cat', [], { cwd: '/no/folder' }).open(never), 'there is no folder /no/folder')).toBe(
    'CHANNEL_NOT_FOUND',
  );
});

test('CHANNEL_DENIED: a file that may not be executed', async () => {
  const path = join(folder(), 'program');
  writeFileSync(path, '#!/bin/sh\n');
  expect(await codeOf(childChannel(path).open(never), `child ${path}`)).toBe('CHANNEL_DENIED');
});

test('what can not be started for another reason has a code too', async () => {
  expect(await codeOf(childChannel('cat', ['x'.repeat(200_000)]).open(never), 'child cat')).toBe('CHANNEL_FAILED');
  expect(await codeOf(childChannel('a\0b').open(never), 'child')).toBe('CHANNEL_FAILED');
  expect(await codeOf(childChannel('').open(never), 'child')).toBe('CHANNEL_FAILED');
});

test("its exit ends the line: 'end' after all that it said, then 'close'", async () => {
  const opened = await line(script('head -c 300000 /dev/zero; exit 3'));
  let length = 0;
  opened.on('data', (chunk: Buffer) => (length += chunk.length));
  const closed = once(opened, 'close');
  await once(opened, 'end');
  expect(length).toBe(300_000);
  await closed;
});

test('what it said is kept for a reader who comes long after its exit', async () => {
  let pid = '';
  const opened = await line(script('echo $$ >&2; head -c 100000 /dev/zero', { onStderr: (chunk: Buffer) => (pid += chunk.toString()) }));
  await until(() => pid !== '' && !isRunning(Number(pid)));
  await turns(50);
  expect(await text(opened)).toHaveLength(100_000);
});

test('its exit ends the line also when another process has its stdout', async () => {
  const opened = await line(script('sleep 100 & echo $!; echo last words'));
  const [pid, words] = (await text(opened)).split('\n');
  expect(words).toBe('last words');
  expect(isRunning(Number(pid))).toBe(true);
  process.kill(Number(pid));
});

test('its last words come before the news that it takes no more', async () => {
  const opened = await line(script('exec <&-; echo sorry; exit 1'));
  opened.write(Buffer.alloc(1_000_000));
  const closed = once(opened, 'close').catch(() => {});
  expect(await text(opened)).toBe('sorry\n');
  await closed;
});

test('ending the line ends its stdin only', async () => {
  const opened = await line(script('cat; echo done'));
  opened.end('input ');
  expect(await text(opened)).toBe('input done\n');
});

test('destroying the line ends the program with SIGTERM', async () => {
  const path = join(folder(), 'trapped');
  // What it is given until it is killed does not pass: a busy machine may need longer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const opened = await line(script(`trap 'echo > ${path}; exit' TERM; echo $$; while :; do sleep 0.01; done`));
  const pid = Number(await bytes(opened, 2));
  expect(pid).toBeGreaterThan(0);
  opened.destroy();
  await until(() => existsSync(path));
});

test('a program that ignores SIGTERM is killed', async () => {
  const opened = await line(script(`trap '' TERM; echo $$; while :; do sleep 0.1; done`));
  await once(opened, 'readable');
  const pid = Number(String(opened.read()));
  opened.destroy();
  await until(() => !isRunning(pid));
});

test('a program whose output nobody reads is ended too', async () => {
  const opened = await line(closing(childChannel('yes')));
  await once(opened, 'readable');
  opened.destroy();
  await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'));
});

test('an abort while it starts ends it', async () => {
  const path = join(folder(), 'alive');
  const abort = new AbortController();
  const opening = childChannel('sh', ['-c', `sleep 5; echo > ${path}`]).open(abort.signal);
  abort.abort(new Error('no'));
  await expect(opening).rejects.toThrow('no');
  await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'));
  expect(existsSync(path)).toBe(false);
});

test('close() leaves a line in use alone', async () => {
  const channel = childChannel('cat');
  const opened = await line(channel);
  await channel.close();
  opened.write('still here');
  expect(await bytes(opened, 10)).toBe('still here');
});

test('a program that has closed its stdin and does not exit is ended, and the writer told', async () => {
  const opened = await line(script('exec <&-; echo ready; exec sleep 100'));
  expect(await bytes(opened, 6)).toBe('ready\n');
  opened.resume();
  const failed = new Promise((resolve) => opened.write('x', resolve));
  expect(await failed).toMatchObject({ code: 'EPIPE' });
  expect(opened.errored).toMatchObject({ code: 'EPIPE' });
});
