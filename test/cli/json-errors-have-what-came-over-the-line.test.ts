import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AgentError, GuestAgent } from '../support/guest-agent.ts';
import { acting, agentAt, folder, guestAt, run } from './support.ts';

const shown = async (...args: string[]): Promise<unknown> => JSON.parse((await run(['call', ...args, '--json'])).stderr) as unknown;

test('of our own guest the number, the message and the data', async () => {
  const path = join(folder(), 's');
  await guestAt(path);
  expect(await shown('getfile', '{"path":"/etc/passwd"}', '-c', 'unix-connect', '-p', path)).toMatchObject({
    code: 'REMOTE_ERROR',
    remote: { code: -13, message: expect.stringMatching(/^EACCES/) as string },
  });
});

test('of qemu-ga, which has no numbers, the class and the text', async () => {
  const path = join(folder(), 's');
  const desc = "failed to open file '/nope' (mode: 'r'): No such file or directory";
  const agent = new GuestAgent({
    commands: {
      'guest-file-open': () => {
        throw new AgentError('GenericError', desc);
      },
    },
  });
  const server = createServer((socket) => void agent.serve(socket)).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  expect(await shown('guest-file-open', '{"path":"/nope"}', '-c', 'unix-connect', '-p', path, '--protocol', 'qemu-ga')).toMatchObject({
    code: 'REMOTE_ERROR',
    known: 'executed',
    message: desc,
    remote: { class: 'GenericError', desc },
  });
});

test('control characters in it are escaped once, by JSON itself', async () => {
  const desc = 'red \u001b[31m, \u202e, a tag \u{e0001} and a \\u001b that was written so';
  const line = await agentAt({
    'guest-file-open': () => {
      throw new AgentError('GenericError', desc);
    },
  });
  const { stderr } = await run(['call', 'guest-file-open', ...line, '--json']);
  expect(stderr).not.toMatch(acting);
  const { message, remote } = JSON.parse(stderr) as { message: string; remote: { desc: string } };
  expect(remote.desc).toBe(desc);
  expect(message).toContain('red \u001b[31m, \u202e, a tag \u{e0001} and a ');
  const argument = await run(['call', 'ping', '-c', '\u001b[31m', '--json']);
  expect(argument.stderr).not.toMatch(acting);
  expect((JSON.parse(argument.stderr) as { message: string }).message).toContain('--channel is "\u001b[31m"; it takes');
});
