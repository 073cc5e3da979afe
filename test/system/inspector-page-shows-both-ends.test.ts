import { expect, it, onTestFinished } from 'vitest';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('the sequence of both peers', () => {
  const tests = pageTests();

  it('has the steps of both ends and the messages between them, of calls either way', async () => {
    const pair = await inspectedPair({
      page: tests.folder,
      host: { methods: { ask: () => 'the host' } },
      guest: { methods: { tell: () => 'the guest' } },
    });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Sequence');
    await pair.host.call('tell');
    await pair.guest.call('ask');
    await page.locator('.message.request').nth(1).waitFor();
    await page.locator('.message.response').nth(1).waitFor();
    expect(await page.locator('.message.request text').allTextContents()).toEqual(['tell', 'ask']);
    // No message ends nowhere: both ends told of it, each at its own pace.
    await expect.poll(() => page.locator('.message.untold').count()).toBe(0);
    const steps = () => page.locator('.sequence-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
    for (const step of [/^the other end: tell \S+ busy\.executing/, /^this end: ask \S+ busy\.executing/])
      await expect.poll(steps).toContainEqual(expect.stringMatching(step));
    // An answer never arrives before it was sent: the clocks are aligned by the calls themselves.
    const lines = page.locator('.message line');
    const slopes = await lines.evaluateAll((all) => all.map((line) => Number(line.getAttribute('y2')) - Number(line.getAttribute('y1'))));
    expect(slopes.every((slope) => slope > 0)).toBe(true);
    await page.locator('text=/Clocks are aligned to .* by the last [12] calls?/').waitFor();
  });
});
