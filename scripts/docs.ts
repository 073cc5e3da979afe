/**
 * Writes the generated pages of docs/: `npm run docs`. With `--check` it writes nothing, names the pages that are stale and
 * exits with 1 if there are any.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, type FormatConfig } from 'oxfmt';
import { chartPages } from './docs/charts.ts';
import { errorsPage } from './docs/errors.ts';
import { optionsPage } from './docs/options.ts';

const root = join(import.meta.dirname, '..');

/** Every generated page as it should be, by its path from the repository's root. */
export async function generatedPages(): Promise<Map<string, string>> {
  const { printWidth, singleQuote } = JSON.parse(readFileSync(join(root, '.oxfmtrc.json'), 'utf8')) as FormatConfig;
  const pages: [string, string][] = [...chartPages(), ['docs/errors.md', errorsPage()], ['docs/options.md', optionsPage()]];
  const formatted = pages.map(async ([path, text]): Promise<[string, string]> => {
    const { code, errors } = await format(path, `${text}\n`, { ...(printWidth && { printWidth }), ...(singleQuote && { singleQuote }) });
    if (errors.length > 0) throw new Error(`${path} can not be formatted: ${JSON.stringify(errors)}`);
    return [path, code];
  });
  return new Map(await Promise.all(formatted));
}

/** The paths of generated pages that differ from the files, are missing, or should not be there. */
export async function stalePages(): Promise<string[]> {
  const pages = await generatedPages();
  const stale = [...pages].filter(([path, text]) => readPage(path) !== text).map(([path]) => path);
  return [...stale, ...leftovers(pages)].sort();
}

function readPage(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** All of docs/charts is generated: a page there that is not, is of a chart that is gone. */
function leftovers(pages: ReadonlyMap<string, string>): string[] {
  return readdirSync(join(root, 'docs/charts'))
    .map((name) => `docs/charts/${name}`)
    .filter((path) => !pages.has(path));
}

async function main(check: boolean): Promise<void> {
  mkdirSync(join(root, 'docs/charts'), { recursive: true });
  const stale = await stalePages();
  if (check) {
    for (const path of stale) console.error(`stale: ${path} (npm run docs)`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  const pages = await generatedPages();
  for (const path of stale) {
    const text = pages.get(path);
    if (text === undefined) rmSync(join(root, path));
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    console.log(`${text === undefined ? 'removed' : 'wrote'} ${path}`);
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.includes('--check'));
