import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { unixListen } from '../../transport/channels/index.ts';
import { closing, folder } from './support.ts';

test.each([0o000, 0o022, 0o077])('its mode is 0600 under a umask of %i, which it leaves as it is', async (umask) => {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  const path = join(folder(), 's');
  await closing(unixListen(path)).listen();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(process.umask()).toBe(umask);
});

test('it has that mode whenever it can be seen', async () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const path = join(folder(), 's');
  const watcher = new Worker(
    `const { statSync } = require('fs'); const { parentPort, workerData: path } = require('worker_threads');
     parentPort.postMessage('ready');
     for (;;) { const found = statSync(path, { throwIfNoEntry: false }); if (found) { parentPort.postMessage(found.mode & 0o777); break; } }`,
    { eval: true, workerData: path },
  );
  const next = (): Promise<unknown> => new Promise((resolve) => watcher.once('message', resolve));
  await next();
  const mode = next();
  await closing(unixListen(path)).listen();
  expect(await mode).toBe(0o600);
});

test('it can be made in a worker thread, which may not set a umask', async () => {
  const path = join(folder(), 's');
  const url = new URL('../../transport/channels/index.ts', import.meta.url).href;
  const worker = new Worker(
    `import('tsx/esm/api').then(async ({ tsImport }) => {
       const { unixListen } = await tsImport(${JSON.stringify(url)}, ${JSON.stringify(import.meta.url)});
       await unixListen(${JSON.stringify(path)}).listen();
       require('worker_threads').parentPort.postMessage('listening');
     });`,
    { eval: true },
  );
  onTestFinished(() => void worker.terminate());
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
