import { chromium, type Browser } from 'playwright-core';
import { build } from 'vite';
import { requireProgram } from './vm/programs.ts';

/** Builds the inspector's page into a folder, whatever is in `dist`. */
export async function buildPage(folder: string): Promise<void> {
  await build({ configFile: 'inspector/page/vite.config.ts', logLevel: 'warn', build: { outDir: folder } });
}

/** Debian's Chromium, without a window. As root it has no sandbox of its own. */
export function startChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const executablePath = requireProgram('chromium');
  // A busy machine takes longer for it than Playwright's half a minute.
  return chromium.launch({ executablePath, args: [...args, '--enable-precise-memory-info'], timeout: 150_000 });
}
