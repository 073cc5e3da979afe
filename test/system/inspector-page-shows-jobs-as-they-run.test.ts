import { expect, it, onTestFinished } from 'vitest';
import { deferred } from '../support/peers.ts';
import { inspectedPair, type InspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('the page shows jobs as they run', () => {
  const tests = pageTests();

  async function open(pair: InspectedPair) {
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    return page;
  }

  it('has a job go through its states, and its outcome', async () => {
    const answer = deferred<string>();
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { wait: () => answer.promise } } });
    const page = await open(pair);
    await showTab(page, 'Jobs');
    const result = pair.host.call('wait');
    const row = page.locator('[data-job]', { hasText: 'wait' });
    await row.locator('text=sent').waitFor();
    expect(await row.textContent()).toMatch(/→ client/);
    answer.resolve('here');
    await result;
    await row.locator('text=done').waitFor();
    await row.locator('text=value').waitFor();
  });

  it('counts as the manager does: who stands where, slots and queues', async () => {
    const never = deferred();
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { hold: () => never.promise }, executeSlots: 3 } });
    const page = await open(pair);
    const calls = Array.from({ length: 7 }, () => pair.host.call('hold').catch(() => {}));
    // At the near end all are sent; at the far end three run, and four wait.
    await page.locator('[data-count="sent"]', { hasText: '7' }).first().waitFor();
    expect(pair.host.manager.jobs).toBe(7);
    await page.locator('[data-live=client]', { hasText: `${pair.host.manager.jobs} live` }).waitFor();
    await page.getByRole('button', { name: 'Other end' }).click();
    const { execute } = pair.guest.slots;
    expect(execute).toMatchObject({ taken: 3, waiting: 4 });
    await page.locator(`[data-count="busy.executing"]`, { hasText: String(execute.taken) }).waitFor();
    await page.getByRole('meter', { name: 'Execute slots' }).locator(`text=${execute.taken}`).first().waitFor();
    await page.locator('.waiting', { hasText: `${execute.waiting} wait to be executed` }).waitFor();
    pair.host.close();
    await Promise.all(calls);
  });

  it("shows the agent's own charts in the states that they are in", async () => {
    const pair = await inspectedPair({ page: tests.folder });
    const page = await open(pair);
    for (const [part, state] of Object.entries({ link: 'up', session: 'open', manager: 'open', peer: 'running' })) {
      await page.locator(`[data-part=${part}]`, { hasText: state }).waitFor();
    }
  });
});
