import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createPeer, type Handler, type Methods } from '../../actors/index.ts';
import { AllowedDirs } from '../../cli/allowed-dirs.ts';
import { getfile } from '../../cli/getfile.ts';
import { PutTransfers } from '../../cli/put-transfers.ts';
import { putfile } from '../../cli/putfile.ts';
import { unixListen } from '../../transport/channels/unix.ts';
import { folder, run } from './support.ts';

/** A guest whose line loses the first request for each of those pieces, or else its answer. */
async function lossyGuest(
  theirs: string,
  socket: string,
  lost: readonly number[],
  what: 'request' | 'answer',
): Promise<{ left: Set<number> }> {
  const left = new Set(lost);
  const never = new Promise<never>(() => {});
  const lossy =
    (handler: Handler): Handler =>
    async (params: { offset?: number }, context) => {
      const isLost = left.delete(params.offset ?? -1);
      if (isLost && what === 'request') return never;
      const answer: unknown = await handler(params, context);
      return isLost ? never : answer;
    };
  const methods: Methods = {
    getfile: lossy(getfile(await AllowedDirs.of([theirs]))),
    putfile: lossy(putfile(new PutTransfers(await AllowedDirs.of([theirs])))),
  };
  const channel = unixListen(socket);
  await channel.listen();
  const peer = createPeer({ channel, protocol: 'jsonrpc-lines', methods, executeSlots: 64 });
  onTestFinished(() => {
    peer.close();
    return channel.close();
  });
  return { left };
}

test.each([
  ['request', 'from'],
  ['request', 'to'],
  ['answer', 'from'],
  ['answer', 'to'],
] as const)('whether its %s is lost on a copy %s the guest: the copy is right', async (what, direction) => {
  const root = folder();
  const [theirs, ours] = [join(root, 'theirs'), join(root, 'ours')];
  for (const dir of [theirs, ours]) mkdirSync(dir);
  const content = randomBytes(2000);
  for (const dir of [theirs, ours]) writeFileSync(join(dir, 'file'), content);
  const { left } = await lossyGuest(theirs, join(root, 's'), [100, 300, 400, 1900], what);
  const places = direction === 'from' ? [`guest:${theirs}/file`, `${ours}/copy`] : [`${ours}/file`, `guest:${theirs}/copy`];
  const line = ['-c', 'unix-connect', '-p', join(root, 's'), '--protocol', 'jsonrpc-lines'];
  const { code, stderr } = await run(['copy', ...places, ...line, '--piece', '100', '--timeout', '3']);
  expect([code, stderr]).toEqual([0, '']);
  expect([...left]).toEqual([]);
  const to = direction === 'from' ? ours : theirs;
  expect(readFileSync(join(to, 'copy')).equals(content)).toBe(true);
  expect(readdirSync(to).toSorted()).toEqual(['copy', 'file']);
});
