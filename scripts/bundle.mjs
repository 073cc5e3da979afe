// Bundles a program of this package into one file that needs nothing but Node.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

/** @param {string} entry @param {string} outfile */
export async function bundle(entry, outfile) {
  await build({
    // Its first line is the shebang, which esbuild keeps there.
    entryPoints: [entry],
    outfile,
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
  });
  chmodSync(outfile, 0o755);
}
