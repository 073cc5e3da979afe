import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { invalidOption } from '../transport/errors.ts';

/** The directories below which files may be read, or written, by their real paths at the start. */
export class AllowedDirs {
  readonly #roots: readonly string[];

  private constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /** Throws INVALID_OPTION for what is no directory, or none in which this user can open anything. */
  static async of(dirs: readonly string[], option = '--allow-read'): Promise<AllowedDirs> {
    return new AllowedDirs(await Promise.all(dirs.map(async (dir) => realDir(dir, option))));
  }

  get isEmpty(): boolean {
    return this.#roots.length === 0;
  }

  /** Whether a real path is one of them or lies below one: `/a/bc` is not below `/a/b`. */
  contains(real: string): boolean {
    return this.#roots.some((root) => real === root || real.startsWith(root.endsWith('/') ? root : `${root}/`));
  }
}

async function realDir(dir: string, option: string): Promise<string> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true) invalidOption(option, dir, 'a directory that exists');
  // Files may be reached in a directory that can't be listed.
  await access(dir, constants.X_OK).catch(() => invalidOption(option, dir, 'a directory that this user may enter'));
  return realpath(dir);
}
