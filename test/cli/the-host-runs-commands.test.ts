import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../cli/host-command.ts';
import { folder, guestAt, run, start } from './support.ts';

interface Ended {
  readonly code: number | null;
  readonly results: unknown[];
  readonly errors: string[];
  readonly stderr: string;
}

/** A host that finds out what its guest speaks. */
const host = async (lines: string, ...options: string[]): Promise<Ended> => hostOf('virtagent-2', lines, ...options);

async function hostOf(protocol: string, lines: string, ...options: string[]): Promise<Ended> {
  const dir = folder();
  writeFileSync(join(dir, 'file'), 'content');
  await guestAt(join(dir, 's'), '--allow-read', dir, '--protocol', protocol);
  const input = lines.replaceAll('DIR', dir);
  const args = options.map((option) => option.replaceAll('DIR', dir));
  const { code, stdout, stderr } = await run(['host', '-c', 'unix-connect', '-p', join(dir, 's'), ...args], input);
  const results =
    stdout === ''
      ? []
      : stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown);
  return { code, results, errors: stderr.split('\n').filter((line) => /^virtagent: [A-Z_]+:/.test(line)), stderr };
}

test('lines are read as commands', () => {
  expect(parseCommand('ping')).toEqual({ type: 'call', method: 'ping', params: undefined, waits: true });
  expect(parseCommand(' getfile {"path": "/a b"} ')).toEqual({ type: 'call', method: 'getfile', params: { path: '/a b' }, waits: true });
  expect(parseCommand('getdmesg &')).toEqual({ type: 'call', method: 'getdmesg', params: undefined, waits: false });
  expect(parseCommand('m {"x":"&"} &')).toEqual({ type: 'call', method: 'm', params: { x: '&' }, waits: false });
  expect([parseCommand('.jobs'), parseCommand(''), parseCommand('# note')].map(({ type }) => type)).toEqual(['jobs', 'nothing', 'nothing']);
  for (const bad of ['.nope', 'ping {', 'ping x']) expect(() => parseCommand(bad)).toThrow(/it takes/);
});

describe('--exec', () => {
  test('runs in order and prints each result as a line of JSON', async () => {
    const { code, results } = await host('', '-e', 'ping', '-e', 'getfile {"path":"DIR/file"}', '-e', 'capabilities');
    expect(code).toBe(0);
    expect(results).toMatchObject([null, { size: 7 }, { version: '1.0' }]);
  });

  test('runs all and ends with the code of the first that failed', async () => {
    const { code, results, errors } = await host('', '-e', 'getfile {"path":"/etc/passwd"}', '-e', 'getfile [1]', '-e', 'ping');
    expect([code, results, errors.length]).toEqual([1, [null], 2]);
    // Of virtagent-2 any parameters can be sent.
    expect((await hostOf('virtagent-v7', '', '-e', 'getfile [1]', '-e', 'nope')).code).toBe(2);
  });

  test('runs none where one of them is none', async () => {
    const { code, results, errors } = await host('', '-e', 'ping', '-e', 'ping {');
    expect([code, results]).toEqual([2, []]);
    expect(errors).toMatchObject([expect.stringContaining('JSON is "{"')]);
  });

  test('works over stdio, with results on stderr', async () => {
    const args = ['host', '-q', '-c', 'stdio', '--protocol', 'jsonrpc-lines', '-e', 'ping'];
    const running = start(args);
    await running.printed('stdout', '"method":"ping"');
    const { id } = JSON.parse(running.stdout) as { id: string };
    running.child.stdin?.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":"pong"}\n`);
    await running.printed('stderr', '"pong"\n');
    expect((await running.ended).code).toBe(0);
  });

  test('has a time limit for each call', async () => {
    const path = join(folder(), 's');
    const { code, stderr } = await run(['host', '-q', '-c', 'unix-listen', '-p', path, '-e', 'ping', '--timeout', '0.2']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^virtagent: TIMEOUT: ping .*nobody was at the other end/);
  });
});

describe('lines of standard input', () => {
  test('run one after another, and their results are in their order', async () => {
    const { code, results } = await host('ping\n\n# a note\ngetfile {"path":"DIR/file","length":1}\ncapabilities\n');
    expect(code).toBe(0);
    expect(results).toMatchObject([null, { length: 1 }, { version: '1.0' }]);
  });

  test('go on after a mistake, and the first decides the exit code', async () => {
    const { code, results, errors } = await host('ping {\n.nope\nping\ngetfile {"path":"/x"}\nping\n');
    expect([code, results, errors.length]).toEqual([2, [null, null], 3]);
  });

  test('do not wait for one that ends in &', async () => {
    const { code, results } = await host('getfile {"path":"DIR/file"} &\n.slots\ncapabilities &\n');
    expect(code).toBe(0);
    expect(results).toHaveLength(3);
    expect(results[0]).toMatchObject({ send: { slots: 1 }, client: { count: expect.toSatisfy((n) => n >= 1) as number } });
  });

  test('tell of the jobs with the states that they went through', async () => {
    const { results } = await host('ping\n.jobs\n');
    const jobs = results[1] as { method?: string; kind: string; states: string[]; tookMs?: number }[];
    const ping = jobs.find(({ method }) => method === 'ping');
    expect(ping).toMatchObject({ kind: 'client', states: ['new', 'busy.sending', 'sent', 'read', 'busy.callback', 'done'] });
    expect(ping?.tookMs).toBeGreaterThan(0);
    expect(jobs.find(({ method }) => method === 'hello')?.kind).toBe('server');
  });

  test('end with .quit, and .help says what there is', async () => {
    const { code, results, stderr } = await host('.help\nping\n.quit\n');
    expect([code, results]).toEqual([0, [null]]);
    expect(stderr).toContain('METHOD [JSON] &');
  });

  test('end when the line is lost, with 5', async () => {
    const path = join(folder(), 's');
    const guest = await guestAt(path);
    const running = start(['host', '-c', 'unix-connect', '-p', path]);
    await running.printed('stderr', 'ready');
    await guest.stop();
    const { code, stderr } = await running.ended;
    expect(code).toBe(5);
    expect(stderr).toContain('virtagent: LINE_LOST: ');
  });

  test('wait for the next guest with --retry', async () => {
    const path = join(folder(), 's');
    const running = start(['host', '-c', 'unix-listen', '-p', path, '--retry']);
    await running.printed('stderr', 'listening');
    for (const turn of [1, 2]) {
      const guest = start(['guest', '-c', 'unix-connect', '-p', path]);
      running.child.stdin?.write('ping\n');
      await running.printed('stdout', new RegExp(`^(null\\n){${turn}}$`));
      await guest.stop();
    }
    running.child.stdin?.end();
    expect((await running.ended).code).toBe(0);
  });
});
