import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Model, type JobTrack } from '../../inspector/model.ts';
import { readRecording } from '../../inspector/recording.ts';
import { inspectorAddress, watchRemote } from '../../inspector/remote.ts';
import { folder, guestAt, run, start, type Running } from './support.ts';

/** The address that a command has printed. */
async function addressOf(running: Running): Promise<string> {
  await running.printed('stderr', /inspector: http:\S+\/\n/);
  return /inspector: (http:\S+)/.exec(running.stderr)?.[1] ?? '';
}

/** What an inspector tells, as a model that grows until the test is over. */
function watched(address: string): { model: Model; until(isSo: (model: Model) => boolean): Promise<void> } {
  const model = new Model();
  const looks = new Set<() => void>();
  const { stop } = watchRemote(inspectorAddress('address', address), {
    take(records) {
      for (const record of records) model.add(record);
      for (const look of looks) look();
    },
    lost() {},
  });
  onTestFinished(stop);
  const until = (isSo: (model: Model) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo(model)) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      look();
    });
  return { model, until };
}

const ping = (model: Model, side: 'near' | 'far'): boolean =>
  model.side(side)?.jobs.list.some(({ record, doneAt }) => record.method === 'ping' && doneAt !== undefined) === true;

test('a guest prints the address of its inspector, which shows its jobs and who it is; also without logs, and in JSON', async () => {
  const socket = join(folder(), 's');
  const guest = start(['guest', '-c', 'unix-listen', '-p', socket, '--inspect', '--json', '-q']);
  await guest.printed('stderr', '\n');
  const { event, url } = JSON.parse(guest.stderr) as { event: string; url: string };
  expect(event).toBe('inspector');
  const { model, until } = watched(url);
  expect((await run(['call', 'ping', '-c', 'unix-connect', '-p', socket])).code).toBe(0);
  await until((now) => ping(now, 'near'));
  expect(model.side('near')?.head).toMatchObject({
    agent: { name: expect.stringContaining('guest on unix-listen') as string, role: 'guest' },
    control: false,
    payloads: false,
  });
  expect((await fetch(url)).headers.get('content-type')).toContain('text/html');
  expect(await guest.stop()).toMatchObject({ code: 0 });
});

test('top shows a guest that runs, by its own records', async () => {
  const socket = join(folder(), 's');
  const guest = await guestAt(socket, '--inspect');
  await run(['call', 'ping', '-c', 'unix-connect', '-p', socket]);
  const { code, stdout } = await run(['top', '--inspect', await addressOf(guest), '--once']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^guest on unix-listen .* \(virtagent [\d.]+, process \d+\)\nlink \w+, virtagent-2, watched for /);
  expect(stdout).toMatch(/<- ping +value/);
});

test('the far side is shown over the line where both ends say so, and by its address', async () => {
  const socket = join(folder(), 's');
  const guest = await guestAt(socket, '--inspect', '--inspect-share');
  const far = await addressOf(guest);
  for (const option of [['--inspect-over-line'], ['--inspect-peer', far]]) {
    const host = start(['host', '-c', 'unix-connect', '-p', socket, '--inspect', ...option]);
    const { model, until } = watched(await addressOf(host));
    await until((now) => now.side('far')?.isLive === true);
    host.child.stdin?.write('ping\n');
    // The guest's own past may have other pings.
    const calls = (now: Model): readonly JobTrack[] => now.side('near')?.jobs.list.filter(({ record }) => record.method === 'ping') ?? [];
    await until((now) => calls(now).some((call) => now.counterpart(call)?.doneAt !== undefined));
    expect(model.side('far')?.head.agent.role).toBe('guest');
    await host.stop();
  }
});

test('a side that has not consented is not shown, and it is said', async () => {
  const socket = join(folder(), 's');
  await guestAt(socket);
  const host = start(['host', '-c', 'unix-connect', '-p', socket, '--inspect', '--inspect-over-line']);
  const { model } = watched(await addressOf(host));
  await host.printed('stderr', '--inspect-over-line: the other side has no --inspect-share');
  expect(model.sides).not.toContain('far');
});

test('a recording has the whole run, is for this user alone, and is never written over', async () => {
  const socket = join(folder(), 's');
  const file = join(folder(), 'run.jsonl');
  await guestAt(socket);
  const args = ['call', 'ping', '-c', 'unix-connect', '-p', socket, '--record', file];
  expect((await run(args)).code).toBe(0);
  const text = readFileSync(file, 'utf8');
  const { records, unread } = readRecording(text);
  expect(unread).toBe(0);
  expect(records.at(-1)).toMatchObject({ type: 'gone', of: 'near' });
  const model = new Model();
  for (const record of records) model.add(record);
  expect(ping(model, 'near')).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = await run(args);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('it takes the path of a file that is not there yet') as string });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a recording is shown when its agents have gone; one that is cut as far as it goes', async () => {
  const socket = join(folder(), 's');
  const file = join(folder(), 'run.jsonl');
  const guest = await guestAt(socket);
  await run(['call', 'ping', '-c', 'unix-connect', '-p', socket, '--record', file]);
  await guest.stop();
  const whole = start(['replay', file]);
  const { model, until } = watched(await addressOf(whole));
  await until((now) => now.viewAt('near', 'live')?.gone !== undefined);
  expect(ping(model, 'near')).toBe(true);
  expect(await whole.stop('SIGINT')).toMatchObject({ code: 0 });
  const cut = join(folder(), 'cut.jsonl');
  writeFileSync(cut, `no record\n${readFileSync(file, 'utf8').slice(0, -20)}`);
  const part = start(['replay', cut]);
  const shown = watched(await addressOf(part));
  await shown.until((now) => now.viewAt('near', 'live')?.gone?.includes('2 of its lines could not be read') === true);
  expect(ping(shown.model, 'near')).toBe(true);
  expect(part.stderr).toContain('line 1: it is not JSON');
  expect(part.stderr).toContain('the recording was cut off in it');
});

test('a recording that has nothing to show, or is none, is an error', async () => {
  const file = join(folder(), 'none.jsonl');
  writeFileSync(file, 'nothing\n');
  expect(await run(['replay', file])).toMatchObject({
    code: 70,
    stderr: expect.stringContaining('has nothing that can be shown') as string,
  });
  expect(await run(['replay', join(folder(), 'missing')])).toMatchObject({
    code: 70,
    stderr: expect.stringContaining('(ENOENT)') as string,
  });
  expect(await run(['replay', folder()])).toMatchObject({ code: 2, stderr: expect.stringContaining('a regular file') as string });
});

test('an address in use ends the command before the line is opened, and names the address and the option', async () => {
  const socket = join(folder(), 's');
  const guest = await guestAt(socket, '--inspect');
  const { host: used } = new URL(await addressOf(guest));
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', socket, `--inspect=${used}`]);
  expect(code).toBe(4);
  expect(stderr).toContain(`CHANNEL_IN_USE: the inspector's address ${used} (--inspect): another process listens there`);
  expect(guest.stderr).not.toContain('connected');
});

test('an address that others reach is warned about', async () => {
  const guest = start(['guest', '-c', 'unix-listen', '-p', join(folder(), 's'), '-q', '--inspect=0.0.0.0:0']);
  await guest.printed('stderr', '0.0.0.0 is not this machine alone');
});

test.each([
  [['--inspect-control'], '--inspect-control takes --inspect beside it'],
  [['--inspect-payloads'], '--inspect-payloads takes --inspect or --record beside it'],
  [['--inspect-over-line'], '--inspect-over-line takes --inspect or --record beside it'],
  [['--inspect', '--inspect-peer', 'localhost:1'], '--inspect-peer is "localhost:1"'],
  [['--inspect', '--inspect-over-line', '--inspect-peer', 'http://127.0.0.1:1/t/'], 'two ways to the same'],
  [['--inspect=nowhere'], '--inspect is "nowhere"; it takes HOST:PORT'],
  [['--inspect-bridge', 'other'], '--inspect-bridge is "other"; it takes xstate, stately'],
  [['--inspect-bridge', 'xstate'], '--inspect-bridge xstate takes --inspect beside it'],
  [['--record', ''], '--record is ""'],
])('%j is a usage error', async (options, message) => {
  const { code, stderr } = await run(['call', 'ping', '-c', 'unix-connect', '-p', '/nowhere', ...options]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
