import { expect, it, onTestFinished } from 'vitest';
import { deferred } from '../support/peers.ts';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('the page goes back in time', () => {
  const tests = pageTests();

  it('pauses, steps back and forth, and is now again', async () => {
    const answer = deferred<string>();
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { wait: () => answer.promise } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    const result = pair.host.call('wait');
    const row = page.locator('[data-job]', { hasText: 'wait' });
    await row.locator('text=sent').waitFor();
    answer.resolve('here');
    await result;
    await row.locator('text=done').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const seen = new Set<string>();
    for (let n = 0; n < 30; n++) {
      const [state] = await row.locator('[role=gridcell]').nth(3).allTextContents();
      if (state === undefined) break;
      seen.add(state);
      await page.getByRole('button', { name: 'Step back' }).click();
    }
    // Those in which it stayed; steps of the same moment are one.
    for (const path of ['done', 'sent']) expect(seen).toContain(path);
    expect(await row.count()).toBe(0);
    // What happens meanwhile is not shown in the past.
    await pair.host.call('wait');
    await page.locator('[data-shown="0"]').waitFor();
    // Every view shows that moment.
    await showTab(page, 'Charts');
    expect(await page.locator('[data-live=client]').textContent()).toBe('0 live');
    expect(await page.locator('[data-count="done"]').first().textContent()).toBe('');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.locator('[data-count="done"]', { hasText: '2' }).first().waitFor();
  });

  it('shows any moment of what is held by the slider', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    const slider = page.getByRole('slider', { name: 'Moment' });
    const end = async (name: 'min' | 'max'): Promise<number> => Number(await slider.getAttribute(name));
    // Moments at which so many jobs had been, however long each took.
    const moments: [number, number][] = [];
    for (let n = 1; n <= 20; n++) {
      await pair.host.call('ping');
      if (n % 5 > 0) continue;
      await page.locator(`[data-shown="${n}"]`).waitFor();
      moments.push([await end('max'), n]);
    }
    const [from, to] = [await end('min'), await end('max')];
    const at = async (moment: number): Promise<number> => {
      await slider.fill(String(moment));
      return Number(await page.locator('[data-shown]').getAttribute('data-shown'));
    };
    const counts: number[] = [];
    for (let part = 0; part <= 24; part++) counts.push(await at(from + ((to - from) * part) / 24));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect([counts[0], counts.at(-1)]).toEqual([0, 20]);
    for (const [moment, jobs] of moments) expect(await at(moment)).toBe(jobs);
  });
});
