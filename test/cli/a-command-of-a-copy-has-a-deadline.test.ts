import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { runInGuest } from '../../cli/copy-qemu-ga-exec.ts';
import type { CopyWork } from '../../cli/copy-files.ts';
import { rejection, settled } from '../support/peers.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a command of a copy that does not end is given up, whatever is collected meanwhile', async () => {
  const callOnce = async (method: string): Promise<unknown> => {
    await settled();
    collect();
    return method === 'guest-exec' ? { pid: 7 } : { exited: false };
  };
  const work = { callOnce, signal: new AbortController().signal, timeoutMs: 200 } as unknown as CopyWork;
  expect(await rejection(runInGuest(work, 'sleep 60', []))).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
});
