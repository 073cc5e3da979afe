import { expect, it, onTestFinished } from 'vitest';
import { VirtagentError } from '../../transport/index.ts';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

const script = '<img src=x onerror="document.title=1">';

needs('chromium')('the page finds jobs', () => {
  const tests = pageTests();

  /** A page with the jobs of a few calls, of which one failed. */
  async function withJobs(payloads: boolean) {
    const refuse = (): never => {
      throw new VirtagentError('HANDLER_FAILED', 'no such file');
    };
    const pair = await inspectedPair({
      page: tests.folder,
      guest: { methods: { getfile: (params: unknown) => ({ params }), refuse, ping: () => 'pong' } },
      inspector: { payloads },
    });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    for (let n = 0; n < 5; n++) await pair.host.call('ping');
    await pair.host.call('getfile', { path: script, password: 'tiger' });
    await pair.host.call('refuse').catch(() => {});
    await page.locator('[data-shown="7"]').waitFor();
    return page;
  }

  it('on which the button goes down, though their rows move before it goes up', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1, getfile: () => 2 } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    await pair.host.call('getfile');
    await pair.host.call('ping');
    await page.locator('[data-shown="2"]').waitFor();
    await page.locator('[data-job]', { hasText: 'getfile' }).hover();
    await page.mouse.down();
    for (let n = 0; n < 3; n++) await pair.host.call('ping');
    await page.locator('[data-shown="5"]').waitFor();
    await page.mouse.up();
    await page.getByRole('complementary').locator('h2', { hasText: 'getfile' }).waitFor();
  });

  it('and leaves the views and the time in reach of a narrow window', async () => {
    const pair = await inspectedPair({ page: tests.folder, guest: { methods: { ping: () => 1 } } });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url, { width: 800, height: 600 });
    await isLive(page);
    await showTab(page, 'Jobs');
    await pair.host.call('ping');
    await page.locator('[data-job]').first().click();
    await page.getByRole('complementary').waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await showTab(page, 'Timeline');
  });

  it('by words, by columns, and those alone that failed', async () => {
    const page = await withJobs(false);
    const filter = page.getByRole('searchbox', { name: 'Filter jobs' });
    await filter.fill('ping');
    await page.locator('[data-shown="5"]').waitFor();
    await filter.fill('method:getfile outcome:value');
    await page.locator('[data-shown="1"]').waitFor();
    await filter.fill('');
    await page.getByLabel('failed only').check();
    await page.locator('[data-shown="1"]').waitFor();
    expect(await page.locator('[data-job]').textContent()).toContain('refuse');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('[data-shown="7"]').waitFor();
  });

  it('and shows one with its states, its events, its values and the same call at the other end', async () => {
    const page = await withJobs(true);
    await page.locator('[data-job]', { hasText: 'getfile' }).click();
    const detail = page.getByRole('complementary');
    const states = await detail.locator('table.stays').first().locator('th[scope=row]').allTextContents();
    expect(states).toEqual(['new', 'busy.sending', 'sent', 'read', 'busy.callback']);
    // The other end tells of it at its own pace.
    const there = () => detail.locator('table.stays').nth(1).locator('th[scope=row]').allTextContents();
    await expect.poll(there).toEqual(['new', 'busy.executing', 'executed', 'busy.sending', 'sent', 'busy.callback']);
    expect(await detail.locator('.events code').allTextContents()).toEqual([
      'xstate.init',
      'send',
      'send_done',
      'read_done',
      'callback_done',
    ]);
    await detail.locator('.chart [data-state="done"].current').waitFor();
    const values = await detail.locator('.messages pre').allTextContents();
    expect(values.join()).not.toContain('tiger');
    // What the other side said is text here, whatever it is.
    expect(JSON.parse(values.at(-1) ?? '')).toMatchObject({ answer: { value: { params: { path: script, password: '(hidden)' } } } });
    expect(await page.title()).toBe('virtagent inspector');
    await detail.getByRole('button', { name: 'show it there' }).click();
    await detail.locator('text=at the other end').first().waitFor();
  });

  it('and says where values are not told', async () => {
    const page = await withJobs(false);
    await page.locator('[data-job]', { hasText: 'getfile' }).click();
    await page.getByRole('complementary').locator('text=--inspect-payloads').waitFor();
  });

  it('with the keys alone', async () => {
    const page = await withJobs(false);
    const grid = page.getByRole('grid', { name: 'Jobs' });
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('complementary', { name: /^Job / }).locator('text=refuse').waitFor();
    await page.keyboard.press('End');
    await page.getByRole('complementary', { name: /^Job / }).locator('h2', { hasText: 'ping' }).waitFor();
    expect(await grid.getAttribute('aria-activedescendant')).toMatch(/^job-/);
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });
});
