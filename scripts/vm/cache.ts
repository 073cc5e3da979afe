import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where what was built is kept: `VIRTAGENT_VM_CACHE`, or a folder below node_modules. */
export function cacheFolder(): string {
  return resolve(process.env['VIRTAGENT_VM_CACHE'] || 'node_modules/.cache/virtagent-vm');
}

/**
 * The path of a cached thing, made first if it is not there. It is made aside, at the path that `make` is given, and moved
 * into place whole: one that was interrupted is made again, and of two that make the same at once either's will do.
 */
export async function cached(name: string, make: (aside: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder(), name);
  if (existsSync(path)) return path;
  await mkdir(cacheFolder(), { recursive: true });
  const aside = await mkdtemp(join(cacheFolder(), 'making-'));
  try {
    const made = join(aside, name);
    await make(made);
    await rename(made, path).catch((error: unknown) => {
      if (!existsSync(path)) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return path;
}

/** A short name for all that a thing is made of. */
export function keyOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

/** What tells one version of an installed program from the next. */
export function versionOf(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}
