// Builds dist/: the library as plain modules with their types, and the command as one file.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// The compiler rewrites the extensions of imports in modules, not in their types.
for (const name of readdirSync('dist', { recursive: true })) {
  if (!String(name).endsWith('.d.ts')) continue;
  const path = join('dist', String(name));
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.{1,2}\/[^']+|import\("\.{1,2}\/[^"]+)\.ts(['"])/g, '$1.js$2'));
}
if (existsSync('cli/virtagent.ts')) {
  await build({
    entryPoints: ['cli/virtagent.ts'],
    outfile: 'dist/virtagent.js',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    define: { 'process.env.NODE_ENV': '"production"' },
    // Bundled CommonJS packages call require for Node's own modules.
    banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  chmodSync('dist/virtagent.js', 0o755);
}
