import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { snapshotOf } from '../../cli/top-snapshot.ts';
import { topLines } from '../../cli/top-text.ts';
import { Model } from '../../inspector/model.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { edgeOf, gauges, head, job, step, walk } from '../inspector/hand-made.ts';
import { served } from '../inspector/support/requests.ts';
import { freePort } from '../support/free-port.ts';
import { acting, bin, plainEnv, run, Running, start } from './support.ts';

const busy = gauges('near', 100, {
  jobs: 2,
  send: { slots: 1, taken: 1, waiting: 3 },
  execute: { slots: Infinity, taken: 2, parked: 1, waiting: 0 },
  server: { count: 4, bytes: 2048 },
  client: { count: 5, bytes: 10 },
  credit: { requests: 7, bytes: 1024 * 1024 },
  counters: { messagesIn: 10, messagesOut: 20, bytesIn: 1000, bytesOut: 4096 },
});

const past: readonly InspectRecord[] = [
  head('near'),
  job('near', 10, 1, 'client', { method: 'getfile', tag: 'abc.1' }),
  walk('near', 1, 'client', [
    [10, 'new'],
    [12, 'busy.sending'],
    [20, 'sent'],
  ]),
  job('near', 30, 2, 'server', { method: 'evil\u001b[2J\u202e\nname'.repeat(20), tag: '\u0007'.repeat(100) }),
  walk('near', 2, 'server', [[30, 'new']]),
  job('near', 40, 3, 'client', { method: 'ping' }),
  walk('near', 3, 'client', [
    [40, 'new'],
    [50, 'busy.callback'],
  ]),
  { type: 'end', of: 'near', at: 60, job: 3, outcome: 'error', known: 'refused', code: 'BUSY' },
  step('near', 60, 3, edgeOf('client', 'busy.callback', 'done')),
  busy,
  { type: 'live', of: 'near', at: 100 },
];

function modelOf(records: readonly InspectRecord[]): Model {
  const model = new Model();
  for (const record of records) model.add(record);
  return model;
}

test('a snapshot has the gauges, where jobs stand, live jobs with the oldest first, and then those that are done', () => {
  const snapshot = snapshotOf(modelOf(past), 1010, undefined);
  expect(snapshot).toMatchObject({ done: 1, rates: undefined, standing: { client: { sent: 1 }, server: { new: 1 } }, gone: undefined });
  expect(snapshot?.jobs).toMatchObject([
    { job: 1, method: 'getfile', state: 'sent', ageMs: 1000, inStateMs: 990, isDone: false },
    { job: 2, state: 'new', ageMs: 980 },
    { job: 3, method: 'ping', state: 'done', ageMs: 20, isDone: true, outcome: 'BUSY' },
  ]);
});

test('rates are of the time since the snapshot before, and an agent that began anew has no negative ones', () => {
  const model = modelOf(past);
  const first = snapshotOf(model, 1000, undefined);
  model.add({ ...busy, at: 200, counters: { ...busy.counters, messagesIn: 30, bytesOut: 0 } });
  expect(snapshotOf(model, 3000, first)?.rates).toEqual({ messagesIn: 10, messagesOut: 0, bytesIn: 0, bytesOut: 0, jobs: 0 });
});

test.each([
  [79, 23],
  [40, 10],
  [200, 60],
])('its lines fit %i by %i, and nothing of a peer acts on the terminal', (columns, rows) => {
  const more = Array.from({ length: 100 }, (_, at) => job('near', 70, 10 + at, 'client'));
  const model = modelOf([...past, ...more]);
  const lines = topLines(snapshotOf(model, 3_600_000, snapshotOf(model, 0, undefined)) ?? never(), 'lost\u001b[1m', { columns, rows });
  expect(lines.length).toBeLessThanOrEqual(Math.max(rows, 14));
  for (const line of lines) {
    expect(line.length).toBeLessThanOrEqual(columns);
    expect(line).not.toMatch(acting);
    expect(line).toMatch(/^[\x20-\x7e]*$/);
  }
});

test('eighty columns show the age, the method, the state and the slots', () => {
  const lines = topLines(snapshotOf(modelOf(past), 65_000, undefined) ?? never(), undefined, { columns: 80, rows: 24 });
  expect(lines[0]).toBe('near agent (virtagent 0, process 1)');
  expect(lines[1]).toBe('link up, watched for 1m05s');
  expect(lines).toContain('send    1/1 slots, 3 waiting; ours 5, 10 B; credit 7 requests, 1.0 MiB');
  expect(lines).toContain('execute 2/any slots, 0 waiting, 1 parked; theirs 4, 2.0 KiB');
  expect(lines).toContain('states  client: sent 1; server: new 1');
  expect(lines).toContain('   1m04s    1m04s -> getfile          sent                   10 B abc.1');
  expect(lines).toContain('   20 ms          -> ping             BUSY                   10 B 3');
});

test('seventy-nine columns, which is all of a terminal of eighty, have room for the whole tag of a session', () => {
  const model = modelOf([head('near'), job('near', 10, 1, 'client', { method: 'a-method-with-a-long-name', tag: '0cq6q9eb.zzzz' }), busy]);
  const lines = topLines(snapshotOf(model, 1000, undefined) ?? never(), undefined, { columns: 79, rows: 24 });
  expect(lines.at(-1)).toMatch(/-> a-method-with-a~ .* 0cq6q9eb\.zzzz$/);
});

test('with --once it prints one snapshot and ends; as JSON that is one line', async () => {
  const { server, inspector } = await served();
  inspector.past = past;
  const [text, json] = await Promise.all([
    run(['top', '--inspect', server.url, '--once']),
    run(['top', '--inspect', server.url, '--once', '--json']),
  ]);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toContain('getfile');
  expect(text.stdout).not.toMatch(acting);
  expect(JSON.parse(json.stdout)).toMatchObject({
    agent: { name: 'near agent' },
    done: 1,
    gauges: { link: 'up', execute: { slots: null } },
  });
  expect(json.stdout.trim()).not.toContain('\n');
});

test('without a terminal it prints snapshots until a signal, and says when the agent has gone', async () => {
  const { server, inspector } = await served();
  inspector.past = past;
  const top = start(['top', '--inspect', server.url]);
  await top.printed('stdout', 'getfile');
  await server.close();
  await top.printed('stdout', ': what is shown is the last that was heard');
  expect(await top.stop('SIGINT')).toMatchObject({ code: 0 });
});

test('an agent that is not there is waited for, and it is said why', async () => {
  const { server } = await served({ port: await freePort() });
  await server.close();
  const top = start(['top', '--inspect', server.url]);
  await top.printed('stdout', `${new URL(server.url).host}: nobody listens at that address`);
  expect(await top.stop()).toMatchObject({ code: 0 });
});

test('a wrong token, another version and what is no address are errors that say so', async () => {
  const { server, inspector } = await served();
  const wrong = `http://127.0.0.1:${server.port}/not-the-token-of-this-one/`;
  expect(await run(['top', '--inspect', wrong])).toMatchObject({ code: 4, stderr: expect.stringContaining('the token is wrong') });
  inspector.past = [head('near', { version: 99 })];
  const other = await run(['top', '--inspect', server.url]);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('tells records of version 99; this is version 1') });
  expect(await run(['top', '--inspect', 'localhost:80'])).toMatchObject({ code: 2, stdout: '' });
  expect(await run(['top'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--inspect is missing') });
});

const hasScript = spawnSync('sh', ['-c', 'command -v script']).status === 0;

/** `virtagent top` on a terminal of that size. */
function topOn(url: string, columns: number, rows: number): Running {
  const command = `stty cols ${columns} rows ${rows}; exec "${process.execPath}" "${bin}" top --inspect ${url}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...plainEnv, TERM: 'vt100' }, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Running(child);
}

test.runIf(hasScript).each([
  [80, 24],
  [0, 0],
])('on a terminal of %i by %i it draws in place, q ends it, and the cursor is back', async (columns, rows) => {
  const { server, inspector } = await served();
  inspector.past = past;
  const top = topOn(server.url, columns, rows);
  await top.printed('stdout', 'getfile');
  top.child.stdin?.write('q');
  const { code, stdout } = await top.ended;
  expect(code).toBe(0);
  expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
});

test.runIf(hasScript)('a terminal of one character has no room for it, and it ends as ever', async () => {
  const { server, inspector } = await served();
  inspector.past = past;
  const top = topOn(server.url, 1, 1);
  await top.printed('stdout', '\u001b[?25l');
  top.child.stdin?.write('q');
  expect((await top.ended).code).toBe(0);
});

function never(): never {
  throw new Error('there is no snapshot');
}
