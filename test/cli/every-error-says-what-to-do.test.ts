import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { errorTable, VirtagentError, type ErrorCode } from '../../actors/index.ts';
import { Output } from '../../cli/output.ts';
import { reportError } from '../../cli/report-error.ts';
import { agentAt, folder, run } from './support.ts';

function reported(error: unknown): string {
  const stream = new PassThrough();
  reportError(error, new Output(stream as never, { mayDrop: true }), false);
  return String(stream.read());
}

test.each(Object.keys(errorTable) as ErrorCode[])('%s, whether it was a call that failed or not', (code) => {
  for (const known of [undefined, 'not-sent', 'executed'] as const)
    expect(reported(new VirtagentError(code, 'what happened', { known }))).toMatch(/^virtagent: [A-Z_]+: what happened.*\n {2}→ \S.*\n$/);
  const remote = { code: -1, message: 'what happened', data: { remedy: 'of a peer' } };
  expect(reported(new VirtagentError(code, 'what happened', { known: 'executed', remote, data: remote.data }))).toMatch(
    /\n {2}→ (?!of a peer)\S/,
  );
});

test('a copy by the agent to a folder that is not there says that there has to be one', async () => {
  const line = await agentAt({
    'guest-exec': () => ({ pid: 7 }),
    'guest-exec-status': () => ({ exited: true, exitcode: 22, 'err-data': Buffer.from('cannot create /none/x').toString('base64') }),
  });
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const { code, stderr } = await run(['copy', file, 'guest:/none/x', ...line]);
  expect(stderr).toMatch(/^virtagent: HANDLER_FAILED: .*cannot create \/none\/x.*\n {2}→ Name a folder that is there in the guest/);
  expect(code).toBe(1);
});
