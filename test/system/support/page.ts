import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { buildPage, startChromium } from '../../../scripts/page-browser.ts';

/** A browser with the inspector's page, built anew, for the tests of a file. */
export interface PageTests {
  /** The folder of the built page. */
  readonly folder: string;
  /** Opens an address; whatever the page asks of another origin, or says as an error, fails the test. */
  open(url: string, viewport?: { width: number; height: number }): Promise<Page>;
}

/** Starts Chromium and builds the page before the tests of this file, and ends both after them. */
export function pageTests(): PageTests {
  let folder = '';
  let browser: Browser | undefined;
  const faults: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virtagent-page-'));
    await buildPage(folder);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
    expect(faults).toEqual([]);
  });
  return {
    get folder() {
      return folder;
    },
    async open(url, viewport = { width: 1280, height: 800 }) {
      if (browser === undefined) throw new Error('there is no browser yet');
      const page = await browser.newPage({ viewport });
      // One that is left open would ask for its agent again and again.
      onTestFinished(() => page.close());
      // What is waited for comes when a busy machine comes to it; the test's own time limit ends it.
      page.setDefaultTimeout(200_000);
      const { origin } = new URL(url);
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}/`)) faults.push(`asked for ${request.url()}`);
      });
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) faults.push(message.text());
      });
      await page.goto(url);
      return page;
    },
  };
}

/** Shows one of the page's views. */
export async function showTab(page: Page, name: 'Charts' | 'Jobs' | 'Timeline' | 'Sequence'): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name, exact: true }).click();
}

/** Waits until the agent's past is there and what happens is shown as it happens. */
export async function isLive(page: Page): Promise<void> {
  await page.locator('[data-connection=live]').waitFor();
}
