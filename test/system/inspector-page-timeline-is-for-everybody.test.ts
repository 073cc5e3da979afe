import { expect, it, onTestFinished } from 'vitest';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('the timeline is for everybody', () => {
  const tests = pageTests();

  async function withJobs(viewport?: { width: number; height: number }) {
    const pair = await inspectedPair({
      page: tests.folder,
      guest: { methods: { work: () => new Promise((resolve) => setTimeout(resolve, 60)) } },
    });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url, viewport);
    await isLive(page);
    for (let n = 0; n < 3; n++) await pair.host.call('work');
    await showTab(page, 'Timeline');
    await page.locator('[data-shown="3"]').waitFor();
    return page;
  }

  it('as a table it says how long each job spent on what', async () => {
    const page = await withJobs();
    await page.getByRole('checkbox', { name: 'as a table' }).check();
    const table = page.getByRole('table', { name: /3 jobs, and how long each spent on what/ });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual([
      'Job',
      'Began',
      'Queue',
      'Handler',
      'Line',
      'Other side',
      'Callback',
      'Other',
      'In all',
    ]);
    // No handler of this end ran: the other side was at work.
    const cells = () => table.getByRole('row').nth(1).locator('th, td').allTextContents();
    await expect.poll(async () => (await cells())[5]).toMatch(/ m?s$/);
    expect((await cells())[3]).toBe('');
    await table.getByRole('button', { name: /work/ }).first().click();
    await page.getByRole('complementary', { name: /^Job / }).waitFor();
  });

  it('by keys it zooms, moves, and lets go', async () => {
    const page = await withJobs();
    const drawing = (): Promise<string> => page.evaluate<string>(`document.querySelector('.timeline-box canvas').toDataURL()`);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator('.timeline-box canvas').focus();
    await page.keyboard.press('f');
    // Each of them changes what is drawn.
    let before = await drawing();
    for (const key of ['+', 'ArrowLeft', '-', ']', 'f']) {
      await page.keyboard.press(key);
      await expect.poll(drawing).not.toBe(before);
      before = await drawing();
    }
  });

  it('a click on a lane shows its job', async () => {
    const page = await withJobs();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Fit' }).click();
    const box = await page.locator('.timeline-box canvas').boundingBox();
    await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 24 + 9);
    await page.getByRole('complementary', { name: /^Job / }).waitFor();
  });

  it('no view is wider than a small window', async () => {
    const page = await withJobs({ width: 390, height: 800 });
    for (const tab of ['Charts', 'Jobs', 'Timeline', 'Sequence'] as const) {
      await showTab(page, tab);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    }
  });
});
