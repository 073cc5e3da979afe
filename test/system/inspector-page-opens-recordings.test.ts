import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Recorded } from '../../inspector/recorded.ts';
import { readRecording } from '../../inspector/recording.ts';
import { serveInspector } from '../../inspector/server.ts';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('the page opens recordings', () => {
  const tests = pageTests();

  it('with the agent gone, and says what of a cut one it could not read', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    const page = await tests.open(pair.served.url);
    await isLive(page);
    for (let n = 0; n < 9; n++) await pair.host.call('ping');
    const recording = await (await fetch(new URL('recording', pair.served.url))).text();
    await pair.close();
    await page.locator('[data-connection=gone]').waitFor();
    const folder = await mkdtemp(join(tmpdir(), 'virtagent-recording-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [whole, cut] = [join(folder, 'whole.jsonl'), join(folder, 'cut.jsonl')];
    await writeFile(whole, recording);
    await writeFile(cut, recording.slice(0, -9));

    await showTab(page, 'Jobs');
    await page.getByLabel('Open a recording').setInputFiles(whole);
    await page.locator('.banner b', { hasText: 'whole.jsonl' }).waitFor();
    await page.locator('[data-shown="9"]').waitFor();
    await page.locator('[data-job]').first().click();
    await page.getByRole('complementary').locator('text=xstate.init').waitFor();
    await page.getByRole('button', { name: 'Step back' }).click();
    expect(await page.locator('.time-bar .paused').textContent()).toMatch(/^−/);

    await page.getByLabel('Open a recording').setInputFiles(cut);
    await page.locator('.banner b', { hasText: 'cut.jsonl' }).waitFor();
    await page.locator('summary', { hasText: '1 line could not be read' }).click();
    await page.locator('.banner li', { hasText: /^line \d+: the recording was cut off in it/ }).waitFor();
  });

  it('and stays as it is where a file is none', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no recording\n') };
    await page.getByLabel('Open a recording').setInputFiles(file);
    const said = page.locator('[data-unreadable]', { hasText: 'notes.txt has nothing that can be shown: line 1: it is not JSON' });
    await said.waitFor();
    await isLive(page);
    await said.getByRole('button').click();
    await said.waitFor({ state: 'detached' });
  });

  it('and says of one that is replayed that it is over', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    await pair.host.call('ping');
    const recording = readRecording(await (await fetch(new URL('recording', pair.served.url))).text());
    await pair.close();
    const replayed = await serveInspector(new Recorded(recording), { page: tests.folder });
    onTestFinished(() => replayed.close());
    const page = await tests.open(replayed.url);
    await isLive(page);
    await page.locator('.connection', { hasText: 'ended' }).waitFor();
    await page.locator('.time-bar', { hasText: 'the last' }).waitFor();
  });

  it('when one is dropped on it', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await pair.host.call('ping');
    const recording = await (await fetch(new URL('recording', pair.served.url))).text();
    const transfer = await page.evaluateHandle<unknown>(
      `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(recording)}], 'dropped.jsonl')); return data; })()`,
    );
    await page.dispatchEvent('.app', 'drop', { dataTransfer: transfer });
    await page.locator('.banner b', { hasText: 'dropped.jsonl' }).waitFor();
    await page.getByRole('button', { name: 'Back to the agent' }).click();
    await isLive(page);
  });
});
