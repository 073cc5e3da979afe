import { it, onTestFinished } from 'vitest';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

const token = 'a-token-that-both-runs-of-the-agent-have';

needs('chromium')('the page outlives its agent', () => {
  const tests = pageTests();

  it('says that it has gone, keeps what it told, reaches the next one, and still has what was before', async () => {
    const guest = { methods: { ping: () => 1 } };
    const first = await inspectedPair({ page: tests.folder, guest, token });
    const page = await tests.open(first.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    for (let n = 0; n < 4; n++) await first.host.call('ping');
    await page.locator('[data-shown="4"]').waitFor();
    const { port } = first.served;
    await first.close();
    await page.locator('[data-connection=gone]').waitFor();
    await page.locator('.banner.warning', { hasText: 'What it told is kept here' }).waitFor();
    await page.locator('[data-shown="4"]').waitFor();
    await page.locator('[data-job]').first().click();
    await page.getByRole('complementary').locator('text=xstate.init').waitFor();

    const second = await inspectedPair({ page: tests.folder, guest, token, port });
    onTestFinished(() => second.close());
    await second.host.call('ping');
    await isLive(page);
    await page.locator('[data-shown="1"]').waitFor();
    await page.getByRole('button', { name: 'Show what was before' }).click();
    await page.locator('[data-shown="4"]').waitFor();
  });

  it('says so when another agent answers there, whose address is another', async () => {
    const guest = { methods: { ping: () => 1 } };
    const first = await inspectedPair({ page: tests.folder, guest });
    const page = await tests.open(first.served.url);
    await isLive(page);
    const { port } = first.served;
    await first.close();
    await page.locator('.banner.warning', { hasText: 'Trying to reach it again' }).waitFor();
    const second = await inspectedPair({ page: tests.folder, guest, port });
    onTestFinished(() => second.close());
    await page.locator('.banner.warning', { hasText: 'the same one started anew' }).waitFor();
  });
});
