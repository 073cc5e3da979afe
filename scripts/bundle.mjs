// Bundles programs of this package into files that need nothing but Node.
import { chmodSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const options = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // A native package that those who use a serial port install: loaded when one is opened.
  external: ['serialport'],
  define: { 'process.env.NODE_ENV': '"production"' },
  // Bundled CommonJS packages call require for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
};

/**
 * One file. Its first line is the entry's shebang, which esbuild keeps there.
 *
 * @param {string} entry @param {string} outfile
 */
export async function bundle(entry, outfile) {
  // What few ask for, and would make the file large: it is used where it is installed.
  const external = [...options.external, 'ws', '@statelyai/inspect'];
  await build({ ...options, external, entryPoints: [entry], outfile });
  chmodSync(outfile, 0o755);
}

/**
 * A file, and beside it in `parts/` what it loads only when it is asked for: what is never asked for costs no start-up time.
 *
 * @param {string} entry @param {string} outfile
 */
export async function bundleWithParts(entry, outfile) {
  const name = basename(outfile, '.js');
  const entryPoints = [{ in: entry, out: name }];
  await build({ ...options, entryPoints, outdir: dirname(outfile), splitting: true, chunkNames: 'parts/[name]-[hash]' });
  chmodSync(join(dirname(outfile), `${name}.js`), 0o755);
}
