import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { run, start, type Run } from '../cli/support.ts';
import { needs } from './support/needs.ts';
import { realAgent, type CommandsAgent } from './support/real-agent.ts';

needs('qemu-ga')('virtagent exec, with a real qemu-ga', () => {
  const exec = async ({ line }: CommandsAgent, options: readonly string[], ...command: readonly string[]): Promise<Run> =>
    run(['exec', ...line, ...options, '--', ...command]);

  test('passes on what a command prints and ends as it did', async () => {
    const agent = await realAgent();
    expect(await exec(agent, [], 'sh', '-c', 'echo out; echo err >&2; exit 7')).toMatchObject({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await exec(agent, [], 'true')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await exec(agent, [], 'sh', '-c', 'kill -9 $$')).code).toBe(137);
  });

  test('takes arguments as they are, without a shell, options of the command too', async () => {
    const agent = await realAgent();
    expect((await exec(agent, [], 'printf', '%s.', '$HOME', 'a b', '--json', "'", 'ü\n')).stdout).toBe("$HOME.a b.--json.'.ü\n.");
    // Without -- what follows the command is the command's.
    expect((await run(['exec', ...agent.line, 'printf', '%s.', '--timeout', '-x'])).stdout).toBe('--timeout.-x.');
  });

  test('gives the command standard input and an environment', async () => {
    const agent = await realAgent();
    expect((await run(['exec', ...agent.line, '--', 'sort'], 'b\na\n')).stdout).toBe('a\nb\n');
    expect((await run(['exec', ...agent.line, '--no-stdin', '--', 'cat'], 'unread')).stdout).toBe('');
    expect((await exec(agent, ['--env', 'A=1', '--env', 'B=x=y'], '/usr/bin/env')).stdout).toBe('A=1\nB=x=y\n');
  });

  test('says that the agent kept only a part of much output', async () => {
    const agent = await realAgent();
    const { code, stdout, stderr } = await exec(agent, [], 'head', '-c', '20000000', '/dev/zero');
    expect([code, stdout.length]).toEqual([0, 16 * 1024 * 1024]);
    expect(stderr).toBe("virtagent: the agent cut the command's standard output off: only the beginning is here\n");
  });

  test('has codes of its own for what is no status of the command', async () => {
    const agent = await realAgent();
    const script = join(agent.folder, 'script');
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o600 });
    const missing = await exec(agent, [], 'no-such-program');
    expect([missing.code, missing.stderr]).toEqual([127, expect.stringMatching(/^virtagent: REMOTE_ERROR: .*No such file or directory/)]);
    expect((await exec(agent, [], script)).code).toBe(126);
    expect((await exec(agent, ['--env', 'novalue'], 'true')).code).toBe(125);
    expect((await run(['exec', '-c', 'unix-connect', '-p', join(agent.folder, 'none'), '--protocol', 'qemu-ga', '--', 'true'])).code).toBe(
      125,
    );
    expect((await run(['exec', '-c', 'stdio', '--protocol', 'virtagent-v7', '--', 'true'])).stderr).toMatch(
      /INVALID_OPTION: --protocol is "virtagent-v7"; it takes qemu-ga or auto/,
    );
  });

  test('fails at once where the agent may run no commands', async () => {
    const { code, stderr } = await exec(await realAgent('guest-exec'), [], 'true');
    expect(code).toBe(125);
    expect(stderr).toMatch(/^virtagent: METHOD_NOT_FOUND: .*"guest-exec".*disabled/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops waiting at %s, and says as which process the command runs on', async (signal, code) => {
    const agent = await realAgent();
    const mark = join(agent.folder, 'mark');
    const running = start(['exec', ...agent.line, '--no-stdin', '--trace', '--', 'sh', '-c', `touch ${mark}; exec sleep 60`]);
    await running.printed('stderr', /→ request \S+ guest-exec-status/, 2);
    const ended = await running.stop(signal);
    expect(ended.code).toBe(code);
    const [, pid = ''] = /"sh" is no longer waited for; as process (\d+) it runs on in the guest/.exec(ended.stderr) ?? [];
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect((await exec(agent, [], 'kill', pid)).code).toBe(0);
  });

  test('waits as long as it was told', async () => {
    const agent = await realAgent();
    // Time enough for the command to be started on a busy machine.
    const { code, stderr } = await exec(agent, ['--timeout', '5'], 'sleep', '60');
    const said = /TIMEOUT: "sleep" did not end within 5 s; as process (\d+) it runs on/;
    expect([code, stderr]).toEqual([124, expect.stringMatching(said)]);
    process.kill(Number(said.exec(stderr)?.[1]), 'SIGKILL');
  });

  test('with --json gives one object, that no output of the command can be taken for', async () => {
    const agent = await realAgent();
    const { code, stdout, stderr } = await exec(agent, ['--json'], 'sh', '-c', 'printf "a\\377"; echo b >&2; exit 3');
    expect([code, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 3, exitCode: 3, outBase64: 'Yf8=', err: 'b\n', outTruncated: false });
    expect(JSON.parse((await exec(agent, ['--json'], 'sh', '-c', 'kill -15 $$')).stdout)).toMatchObject({ status: 143, signal: 15 });
  });

  test('with --stream prints output while the command runs, and leaves nothing in the guest', async () => {
    const agent = await realAgent();
    const go = join(agent.folder, 'go');
    // First the file that its output goes to.
    const script = `readlink /proc/$$/fd/1; while ! test -e ${go}; do sleep 0.05; done; echo last; echo err >&2; exit 5`;
    const running = start(['exec', ...agent.line, '--no-stdin', '--stream', '--', 'sh', '-c', script]);
    await running.printed('stdout', '/out\n');
    const output = running.stdout.trimEnd();
    expect(existsSync(output)).toBe(true);
    writeFileSync(go, '');
    expect(await running.ended).toMatchObject({ code: 5, stdout: `${output}\nlast\n`, stderr: 'err\n' });
    await expect.poll(() => existsSync(dirname(output))).toBe(false);
  });

  test('with --stream ends with the command, though a child that it left behind writes on', async () => {
    const agent = await realAgent();
    // Faster than it is read, and not so fast that there is more than can be read before its time is over.
    const script = `timeout 200 sh -c 'while :; do head -c 200000 /dev/zero; done' & echo $! >&2; exit 3`;
    const { code, stderr } = await exec(agent, ['--stream'], 'sh', '-c', script);
    // Which `timeout` hands on.
    process.kill(Number(stderr), 'SIGTERM');
    expect(code).toBe(3);
  });
});
