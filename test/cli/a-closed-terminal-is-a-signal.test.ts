import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { served } from '../inspector/support/requests.ts';
import { bin, folder, guestAt, plainEnv, Running } from './support.ts';

const hasScript = spawnSync('sh', ['-c', 'command -v script']).status === 0;

/** Runs it on the terminal that the shell was given, and passes the shell's SIGHUP on, as an interactive one does. */
const shellScript = `exec 3<&0
trap 'kill -HUP $!' HUP
"$NODE" "$BIN" "$@" <&3 &
wait $!
wait $!
printf %s $? >"$RESULT"`;

/** `virtagent ARGS` on a terminal that can be closed. */
function onTerminal(args: readonly string[]): { readonly running: Running; close(): Promise<number> } {
  const result = join(folder(), 'result');
  const env = { ...plainEnv, SHELL: '/bin/sh', TERM: 'xterm', NODE: process.execPath, BIN: bin, RESULT: result };
  const words = [shellScript, 'sh', ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  const child = spawn('script', ['-qec', `stty cols 80 rows 24; exec sh -c ${words.join(' ')}`, '/dev/null'], { env, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const read = (): string => (existsSync(result) ? readFileSync(result, 'utf8') : '');
  return {
    running: new Running(child),
    async close() {
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(read()).not.toBe(''), { timeout: 30_000 });
      return Number(read());
    },
  };
}

test.runIf(hasScript).each([
  ['a guest', ['guest'], 0],
  ['a host with its prompt', ['host'], 0],
  ['a call', ['call', 'ping'], 129],
])('%s ends in order, and its socket is gone', async (_, command, code) => {
  const path = join(folder(), 's');
  const { running, close } = onTerminal([...command, '-c', 'unix-listen', '-p', path]);
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 30_000 });
  if (command[0] === 'host') await running.printed('stdout', 'virtagent> ');
  expect(await close()).toBe(code);
  expect(existsSync(path)).toBe(false);
});

test.runIf(hasScript)('what was typed so far is not all that was to be typed', async () => {
  const dir = folder();
  const file = join(dir, 'file');
  writeFileSync(file, 'what was there');
  await guestAt(join(dir, 's'), '--allow-write', dir);
  const { running, close } = onTerminal(['copy', '-', `guest:${file}`, '-c', 'unix-connect', '-p', join(dir, 's')]);
  running.child.stdin?.write('half a file\n');
  await running.printed('stdout', '0 B');
  expect(await close()).toBe(129);
  expect(readFileSync(file, 'utf8')).toBe('what was there');
});

test.runIf(hasScript)('what draws on it ends with 0', async () => {
  const { server } = await served();
  const { running, close } = onTerminal(['top', '--inspect', server.url]);
  await running.printed('stdout', 'q ends it');
  expect(await close()).toBe(0);
});
