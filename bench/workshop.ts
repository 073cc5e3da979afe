/**
 * What the workers run: the package as its users get it, and the bench compiled beside it.
 *
 * A copy of dist/ with package.json is put next to the compiled workers, which import it by its name: neither a loader nor
 * the sources are in the way, and a build in the middle of a run changes nothing. Sockets live in a folder of the system's.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export const root = join(import.meta.dirname, '..');

/** Our sources are imported for their types; at run time it is the built package. */
const builtPackage: Plugin = {
  name: 'the built package',
  setup(plugin) {
    const names: Record<string, string> = {
      actors: 'virtagent',
      machines: 'virtagent/machines',
      transport: 'virtagent/transport',
      inspector: 'virtagent/inspector',
    };
    plugin.onResolve({ filter: /\/(actors|machines|transport|inspector)\// }, ({ path }) => {
      const name = names[/\.\.\/(\w+)\/index\.ts$/.exec(path)?.[1] ?? ''];
      return name === undefined ? { errors: [{ text: `${path} is not a public entry` }] } : { path: name, external: true };
    });
  },
};

export class Workshop {
  /** Below the repository, where packages are found. */
  readonly #folder: string;
  readonly #sockets = mkdtempSync(join(tmpdir(), `virtagent-bench-${process.pid}-`));
  #lines = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Builds the package, unless told that dist/ is fresh, and compiles the workers. */
  static async open(options: { readonly build: boolean }): Promise<Workshop> {
    if (options.build) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 2, 'inherit'] });
    if (!existsSync(join(root, 'dist/actors/index.js'))) throw new Error('dist/ is missing: leave out --no-build');
    mkdirSync(join(root, '.cache'), { recursive: true });
    const folder = mkdtempSync(join(root, `.cache/bench-${process.pid}-`));
    const workshop = new Workshop(folder);
    try {
      cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
      cpSync(join(root, 'package.json'), join(folder, 'package.json'));
      const workers = readdirSync(join(root, 'bench/workers')).map((name) => join(root, 'bench/workers', name));
      await build({
        entryPoints: [...workers, join(root, 'bench/million-jobs.ts')],
        outdir: join(folder, 'bench'),
        outbase: join(root, 'bench'),
        bundle: true,
        splitting: true,
        packages: 'external',
        platform: 'node',
        format: 'esm',
        target: 'node20.19',
        logLevel: 'warning',
        plugins: [builtPackage],
      });
    } catch (error) {
      workshop.remove();
      throw error;
    }
    return workshop;
  }

  /** A file of bench/workers/ with all that it imports in one file, for a machine that has nothing but Node. */
  async bundle(name: string): Promise<string> {
    const outfile = join(this.#folder, 'bundles', name.replace(/\.ts$/, '.js'));
    await build({
      entryPoints: [this.script(`workers/${name}`)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      // Loaded when a serial port is opened.
      external: ['serialport'],
      banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
    return outfile;
  }

  /** The compiled form of a file of bench/. */
  script(name: string): string {
    return join(this.#folder, 'bench', name.replace(/\.ts$/, '.js'));
  }

  /** A path for one more socket. */
  socket(): string {
    return join(this.#sockets, `${this.#lines++}.sock`);
  }

  remove(): void {
    for (const folder of [this.#folder, this.#sockets]) rmSync(folder, { recursive: true, force: true });
  }
}
