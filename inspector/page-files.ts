import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** A file of the page, as it is answered. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The page's files by their paths below the token, as in `assets/index.js`; `index.html` is the page itself. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** The page is far smaller; what is larger is another folder by mistake. */
const MOST_FILES = 500;
const MOST_BYTES = 64 * 1024 * 1024;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Reads the folder of the page. Undefined where there is none: a guest's single file has none beside it.
 *
 * All of it is read at once, so that no request ever leads to a file: what is not in the map is not there.
 */
export async function readPageFiles(folder: string): Promise<PageFiles | undefined> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  const files = names?.filter((entry) => entry.isFile()).slice(0, MOST_FILES) ?? [];
  const found = new Map<string, PageFile>();
  let bytes = 0;
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    bytes += (await stat(path)).size;
    if (bytes > MOST_BYTES) return undefined;
    const type = types[extname(name)] ?? 'application/octet-stream';
    found.set(relative(folder, path).split(sep).join('/'), { type, bytes: await readFile(path) });
  }
  return found.has('index.html') ? found : undefined;
}
