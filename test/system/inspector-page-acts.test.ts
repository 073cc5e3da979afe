import { expect, it, onTestFinished } from 'vitest';
import { deferred, rejection } from '../support/peers.ts';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

needs('chromium')('what may be done from the page', () => {
  const tests = pageTests();

  /** A page, and a call that waits. */
  async function withCall(control: boolean) {
    const never = deferred();
    const pair = await inspectedPair({
      page: tests.folder,
      guest: { methods: { hold: () => never.promise, add: ({ a, b }: { a: number; b: number }) => a + b } },
      inspector: { control },
    });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Jobs');
    const failure = rejection(pair.host.call('hold'));
    await page.locator('[data-job]', { hasText: 'hold' }).click();
    return { pair, page, failure };
  }

  it('with control a job is cancelled', async () => {
    const { page, failure } = await withCall(true);
    await page.getByRole('button', { name: 'Cancel this job' }).click();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    await page.locator('[data-job]', { hasText: 'hold' }).locator('text=cancelled').waitFor();
  });

  it('with control a method is called, and its result is shown', async () => {
    const { page } = await withCall(true);
    await page.getByRole('button', { name: 'Call a method…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Call a method of the other end' });
    await dialog.getByLabel('Method').fill('add');
    const params = dialog.getByLabel('Parameters');
    await params.fill('{"a": 2,');
    await dialog.getByRole('button', { name: 'Call', exact: true }).click();
    await dialog.locator('text=this is no JSON').waitFor();
    await params.fill('{"a": 2, "b": 40}');
    await dialog.getByRole('button', { name: 'Call', exact: true }).click();
    await dialog.locator('pre', { hasText: '42' }).waitFor();
    await dialog.getByLabel('Method').fill('nothing');
    await dialog.getByRole('button', { name: 'Call', exact: true }).click();
    await dialog.locator('.failed code', { hasText: 'METHOD_NOT_FOUND' }).waitFor();
  });

  it('with control a method that says what it takes has a form, and what is typed there is sent', async () => {
    const jsonSchema = {
      type: 'object',
      properties: { path: { type: 'string' }, most: { type: 'integer' }, how: { enum: ['all', 'some'] } },
      required: ['path'],
    };
    const pair = await inspectedPair({
      page: tests.folder,
      guest: { methods: { list: { handle: (params: unknown) => params, jsonSchema } } },
      inspector: { control: true },
    });
    onTestFinished(() => pair.close());
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await page.getByRole('button', { name: 'Call a method…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Call a method of the other end' });
    await dialog.getByLabel('Method').fill('list');
    await dialog.getByLabel('path').fill('/srv');
    await dialog.getByLabel('most').fill('7');
    await dialog.getByLabel('how').selectOption('some');
    await dialog.getByRole('button', { name: 'Call', exact: true }).click();
    const shown = dialog.locator('pre', { hasText: '"/srv"' });
    await shown.waitFor();
    expect(JSON.parse((await shown.textContent()) ?? '')).toEqual({ path: '/srv', most: 7, how: 'some' });
  });

  it('with control sending is paused, and goes on', async () => {
    const { pair, page } = await withCall(true);
    await page.getByRole('button', { name: 'Pause sending' }).click();
    await page.getByRole('button', { name: 'Resume sending', pressed: true }).waitFor();
    const sum = pair.host.call('add', { a: 1, b: 1 });
    await page.locator('[data-job]', { hasText: 'add' }).locator('text=new').waitFor();
    await page.getByRole('button', { name: 'Resume sending' }).click();
    expect(await sum).toBe(2);
  });

  it('without control nothing is offered, and nothing is done', async () => {
    const { pair, page } = await withCall(false);
    await page.getByRole('complementary').waitFor();
    for (const name of ['Cancel this job', 'Pause sending', 'Call a method…'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    const act = `fetch('act', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"do":"pause"}' }).then((answer) => answer.json())`;
    expect(await page.evaluate(act)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    expect(pair.host.manager.isPaused).toBe(false);
  });
});
