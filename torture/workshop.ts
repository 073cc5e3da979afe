/**
 * What the workers run: the sources, compiled once, beside the repository where packages are found. Neither a loader nor later changes of
 * the sources are in the way of a process that is started two hundred times.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export const root = join(import.meta.dirname, '..');

export class Workshop {
  readonly #folder: string;
  /** Of the system's: a socket's path has a limit. */
  readonly #files = mkdtempSync(join(tmpdir(), `virtagent-torture-${process.pid}-`));
  #made = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Workshop> {
    mkdirSync(join(root, '.cache'), { recursive: true });
    const workshop = new Workshop(mkdtempSync(join(root, `.cache/torture-${process.pid}-`)));
    try {
      await build({
        entryPoints: readdirSync(join(root, 'torture/workers')).map((name) => join(root, 'torture/workers', name)),
        outdir: workshop.#folder,
        outbase: join(root, 'torture/workers'),
        outExtension: { '.js': '.mjs' },
        bundle: true,
        splitting: true,
        packages: 'external',
        platform: 'node',
        format: 'esm',
        target: 'node20.19',
        logLevel: 'warning',
      });
    } catch (error) {
      workshop.remove();
      throw error;
    }
    return workshop;
  }

  /** The compiled form of a file of workers/. */
  script(name: string): string {
    return join(this.#folder, `${name}.mjs`);
  }

  /** A path for one more socket or file. */
  path(name: string): string {
    return join(this.#files, `${this.#made++}.${name}`);
  }

  remove(): void {
    for (const folder of [this.#folder, this.#files]) rmSync(folder, { recursive: true, force: true });
  }
}
