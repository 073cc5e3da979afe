/**
 * Makes the pictures of the inspector's page in docs/images/: `npm run screenshots`. They are of a live pair of agents that call each other,
 * so that each time they look a little different. Needs Chromium: `npm run setup:system`.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { HandlerContext } from '../actors/index.ts';
import { inspectedPair, type InspectedPair } from '../test/support/inspected-pair.ts';
import { VirtagentError } from '../transport/index.ts';
import { buildPage, startChromium } from './page-browser.ts';

const images = join(import.meta.dirname, '../docs/images');
const size = { width: 1280, height: 800 };
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const between = (least: number, most: number): number => least + Math.random() * (most - least);

/** What the guest of the pictures can do. */
const guestMethods = {
  async getfile({ path }: { path: string }) {
    await after(between(20, 120));
    if (path.startsWith('/root')) throw new VirtagentError('FORBIDDEN', 'path: not allowed');
    return { data: 'cm9vdDp4OjA6MDpyb290Oi9yb290Oi9iaW4vc2gK', eof: true };
  },
  async getdmesg() {
    await after(between(80, 500));
    return { text: '[    0.000000] Linux version 6.1.0' };
  },
  async exec(_: unknown, { call }: HandlerContext) {
    await after(between(30, 200));
    await call('stdin');
    await after(between(30, 900));
    return { code: 0 };
  },
  ping: () => ({}),
};

/** What the host can do, asked by its guest. */
const hostMethods = {
  async stdin() {
    await after(between(20, 150));
    return { eof: true };
  },
  async report() {
    await after(between(5, 60));
  },
};

/** Both sides call each other until the pair is closed. */
function traffic({ host, guest }: InspectedPair): () => void {
  const ask = (): void => {
    const path = Math.random() < 0.15 ? '/root/.ssh/id_ed25519' : '/etc/passwd';
    const calls = [
      () => host.call('getfile', { path, offset: 0 }),
      () => host.call('getdmesg', {}, { signal: AbortSignal.timeout(350) }),
      () => host.call('exec', { command: ['fstrim', '-a'], password: 'none' }),
      () => host.call('ping', undefined, { urgency: 2 }),
      () => guest.call('report', { load: 0.4 }),
    ];
    void calls[Math.floor(Math.random() * calls.length)]?.().catch(() => {});
  };
  const timer = setInterval(ask, 45);
  return () => clearInterval(timer);
}

async function show(page: Page, tab: string): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name: tab, exact: true }).click();
}

/** The pictures, each with what is done before it is taken. */
const pictures: readonly { readonly name: string; readonly dark?: boolean; readonly pose: (page: Page) => Promise<void> }[] = [
  { name: 'inspector-charts', pose: (page) => show(page, 'Charts') },
  {
    name: 'inspector-jobs',
    async pose(page) {
      await show(page, 'Jobs');
      await page.locator('.job-row.over', { hasText: 'exec' }).first().click();
    },
  },
  {
    name: 'inspector-timeline',
    async pose(page) {
      await page.getByRole('button', { name: 'Other end' }).click();
      await show(page, 'Timeline');
    },
  },
  { name: 'inspector-timeline-dark', dark: true, pose: (page) => show(page, 'Timeline') },
  {
    name: 'inspector-sequence',
    async pose(page) {
      await show(page, 'Sequence');
      await page.getByRole('searchbox').fill('method:exec');
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
    },
  },
  {
    name: 'inspector-time-travel',
    async pose(page) {
      await show(page, 'Timeline');
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      const slider = page.getByRole('slider', { name: 'Moment' });
      await slider.fill(String(Number(await slider.getAttribute('max')) - 2_600));
      await page.getByRole('button', { name: 'Step back' }).click();
    },
  },
  {
    name: 'inspector-call',
    async pose(page) {
      await show(page, 'Jobs');
      await page.getByRole('button', { name: 'Call a method…' }).click();
      await page.getByRole('combobox', { name: 'Method' }).fill('getfile');
      await page.getByLabel('Parameters').fill('{"path": "/etc/passwd", "offset": 0}');
      await page.getByRole('button', { name: 'Call', exact: true }).click();
      await page.locator('dialog pre').waitFor();
    },
  },
];

async function take(browser: Browser, url: string, { name, dark = false, pose }: (typeof pictures)[number]): Promise<void> {
  const page = await browser.newPage({ viewport: size, colorScheme: dark ? 'dark' : 'light' });
  await page.goto(url);
  await page.locator('[data-connection=live]').waitFor();
  await pose(page);
  // Layouts are found, and something has happened.
  await after(1500);
  await page.screenshot({ path: join(images, `${name}.png`) });
  await page.close();
  console.log(`docs/images/${name}.png`);
}

const folder = mkdtempSync(join(tmpdir(), 'virtagent-page-'));
mkdirSync(images, { recursive: true });
await buildPage(folder);
const pair = await inspectedPair({
  page: folder,
  latencyMs: 4,
  host: { methods: hostMethods },
  // Few slots, so that something waits for them.
  guest: { methods: guestMethods, executeSlots: 3 },
  inspector: { name: 'host on unix-listen:/run/virtagent.sock', version: '0.1.0', payloads: true, control: true },
});
const browser = await startChromium();
const stop = traffic(pair);
try {
  await after(6_000);
  for (const picture of pictures) await take(browser, pair.served.url, picture);
} finally {
  stop();
  await browser.close();
  await pair.close();
  rmSync(folder, { recursive: true, force: true });
}
