import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, start } from '../cli/support.ts';
import { RealAgent } from './support/guest-agent.ts';
import { needs } from './support/needs.ts';

needs('qemu-ga')('the command with a real guest agent', () => {
  const agent = new RealAgent();
  const line = ['--protocol', 'qemu-ga', '--channel', 'unix-connect', '--path', agent.path];

  beforeAll(async () => void (await agent.start()));
  afterAll(() => agent.end());

  test('call prints the result', async () => {
    const { code, stdout, stderr } = await run(['call', 'guest-get-osinfo', ...line]);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ machine: expect.any(String), 'kernel-release': expect.any(String) });
  });

  test.each([
    ['a disabled command', 1, ['guest-shutdown'], 'METHOD_NOT_FOUND: the agent has the command "guest-shutdown", and it is disabled there'],
    ['one that it has not', 1, ['guest-none'], 'METHOD_NOT_FOUND: the agent has no command "guest-none"'],
    ['parameters that it does not know', 1, ['guest-ping', '{"x":1}'], "INVALID_PARAMS: Parameter 'x' is unexpected"],
    ['parameters that are no object, which are not sent', 2, ['guest-ping', '[1]'], 'INVALID_PARAMS: '],
  ])('call says of %s what is wrong, on one line', async (_, exit, args, message) => {
    const { code, stdout, stderr } = await run(['call', ...args, ...line]);
    expect(code).toBe(exit);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('host goes on after an agent that hung, on what it takes for the same line', async () => {
    const host = start(['host', '--timeout', '1', ...line]);
    await host.printed('stderr', 'ready');
    agent.signal('SIGSTOP');
    host.child.stdin?.write('guest-get-host-name\n');
    await host.printed('stderr', 'TIMEOUT');
    agent.signal('SIGCONT');
    host.child.stdin?.write('guest-sync {"id":12345}\n');
    await host.printed('stdout', '12345');
    host.child.stdin?.end();
    await once(host.child, 'close');
    expect(host.stderr.match(/connected:/g)).toHaveLength(1);
    expect(host.stderr.match(/ready/g)).toHaveLength(1);
  });
});
