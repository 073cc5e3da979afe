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
  metafile: true,
};

/**
 * One file. Its first line is the entry's shebang, which esbuild keeps there. Resolves to the packages that are in it.
 *
 * @param {string} entry @param {string} outfile
 */
export async function bundle(entry, outfile) {
  // What few ask for, and would make the file large: it is used where it is installed.
  const external = [...options.external, 'ws', '@statelyai/inspect'];
  const { metafile } = await build({ ...options, external, entryPoints: [entry], outfile });
  chmodSync(outfile, 0o755);
  return packagesIn(metafile);
}

/**
 * A file, and beside it in `parts/` what it loads only when it is asked for: what is never asked for costs no start-up time. Resolves to
 * the packages that are in them.
 *
 * @param {string} entry @param {string} outfile
 */
export async function bundleWithParts(entry, outfile) {
  const name = basename(outfile, '.js');
  const entryPoints = [{ in: entry, out: name }];
  const outdir = dirname(outfile);
  const { metafile } = await build({ ...options, entryPoints, outdir, splitting: true, chunkNames: 'parts/[name]-[hash]' });
  chmodSync(join(outdir, `${name}.js`), 0o755);
  return packagesIn(metafile);
}

/** @param {{ inputs: object }} metafile */
function packagesIn({ inputs }) {
  const names = Object.keys(inputs).map((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}
