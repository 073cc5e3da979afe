import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { inspectedPair } from '../support/inspected-pair.ts';
import { needs } from './support/needs.ts';
import { isLive, pageTests, showTab } from './support/page.ts';

const jobs = 10_000;

needs('chromium')('the page shows ten thousand live jobs', () => {
  const tests = pageTests();

  it('with little to draw in each frame, in bounded memory, while others come and go', async () => {
    let isOver = false;
    const answersLater = () => new Promise((resolve) => setTimeout(resolve, 1_000 + Math.random() * 6_000));
    const pair = await inspectedPair({
      page: tests.folder,
      guest: { methods: { work: answersLater }, executeSlots: 2_000 },
    });
    onTestFinished(async () => {
      isOver = true;
      await pair.close();
    });
    const again = (): void => {
      if (!isOver) void pair.host.call('work').then(again, () => {});
    };
    for (let n = 0; n < jobs; n++) again();
    const page = await tests.open(pair.served.url);
    await isLive(page);
    await showTab(page, 'Timeline');
    await page.waitForFunction(`document.querySelector('[data-shown]')?.dataset.shown >= ${jobs}`);
    expect(pair.host.manager.jobs).toBe(jobs);
    await page.getByRole('button', { name: 'Fit' }).click();
    const whole = await framesWhilePanning(page);
    for (let n = 0; n < 12; n++) await page.getByRole('button', { name: 'Thicker lanes' }).click();
    const close = await framesWhilePanning(page);
    const megabytes = await memoryOf(page);
    const others = pair.host.counters;
    console.log(
      `${jobs} live jobs: ${inWords(whole)} while panning over all of them, ${inWords(close)} over thick lanes; ` +
        `${megabytes.heap.toFixed(0)} MB of JavaScript, ${megabytes.process.toFixed(0)} MB of the page's process; ${JSON.stringify(others)}`,
    );
    // How many frames a second that makes is the machine's: no more is drawn than there are pixels for, whatever the jobs.
    for (const { frames } of [whole, close]) expect(frames).toBeGreaterThan(0);
    expect(whole.drawn).toBeLessThan(5_000);
    expect(close.drawn).toBeLessThan(1_000);
    expect(await page.locator('*').count()).toBeLessThan(2_000);
    expect(megabytes.process).toBeLessThan(500);
  });
});

/** Frames a second, and how many rectangles and names were drawn in each. */
interface Frames {
  readonly frames: number;
  readonly drawn: number;
}

const inWords = ({ frames, drawn }: Frames): string => `${frames.toFixed(0)} frames a second of ${drawn.toFixed(0)} pieces`;

/** Over three seconds, in which the pointer drags the timeline to and fro. */
async function framesWhilePanning(page: Page): Promise<Frames> {
  const box = await page.locator('.timeline-box canvas').boundingBox();
  if (box === null) throw new Error('there is no timeline');
  await page.evaluate(countFrames);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const end = Date.now() + 3_000;
  for (let turn = 0; Date.now() < end; turn++) await page.mouse.move(x + Math.sin(turn / 8) * 200, y + Math.cos(turn / 8) * 150);
  await page.mouse.up();
  return page.evaluate<Frames>(
    `({ frames: (counted.frames * 1000) / (performance.now() - counted.from), drawn: counted.drawn / counted.frames })`,
  );
}

/** What the page counts its own frames by, and what is drawn on its canvas: each call begins anew. */
const countFrames = `{
  const own = { frames: 0, drawn: 0, from: performance.now() };
  globalThis.counted = own;
  const frame = () => {
    own.frames++;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const context = document.querySelector('.timeline-box canvas').getContext('2d');
  for (const name of ['fillRect', 'fillText']) {
    context[name] = (...args) => {
      own.drawn++;
      CanvasRenderingContext2D.prototype[name].apply(context, args);
    };
  }
}`;

/** In megabytes: what JavaScript holds, and all that the page's process has in memory, Chromium itself included. */
async function memoryOf(page: Page): Promise<{ heap: number; process: number }> {
  const session = await (page.context().browser() as Browser).newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const resident = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentOf(id));
  const heap = await page.evaluate<number>('performance.memory.usedJSHeapSize');
  return { heap: heap / 1e6, process: Math.max(...resident) };
}

function residentOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
