// Builds dist/: the library as plain modules with their types, the command, and the inspector's page.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { bundle, bundleWithParts } from './bundle.mjs';

// Built aside and moved into place whole: what runs meanwhile, tests or another build, never sees half of it.
mkdirSync('node_modules/.cache', { recursive: true });
const aside = mkdtempSync('node_modules/.cache/virtagent-build-');
const made = join(aside, 'dist');
try {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', made], { stdio: 'inherit' });
  renameImportsInTypes(made);
  const command = await bundleWithParts('cli/virtagent.ts', join(made, 'virtagent.js'));
  // The guest's half alone, one file for a machine that has nothing but Node.
  const guest = await bundle('cli/guest-main.ts', join(made, 'guest.js'));
  writeFileSync(join(made, 'licenses.txt'), licensesOf(...new Set([...command, ...guest].sort())));
  await build({ configFile: 'inspector/page/vite.config.ts', logLevel: 'warn', build: { outDir: resolve(made, 'inspector-page') } });
  writeFileSync(join(made, 'inspector-page/licenses.txt'), licensesOf('preact', 'elkjs'));
  if (existsSync('dist')) renameSync('dist', join(aside, 'old'));
  renameSync(made, 'dist');
} finally {
  rmSync(aside, { recursive: true, force: true });
}

/** The licences of what is bundled: whoever passes it on passes them on. */
function licensesOf(...packages) {
  const said = packages.map((name) => {
    const folder = `node_modules/${name}`;
    const { version, license, homepage, repository } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    const text =
      file === undefined ? `(Its package has no text of the licence ${license}.)` : readFileSync(`${folder}/${file}`, 'utf8').trim();
    return `${name} ${version} (${license}), ${homepage ?? repository?.url ?? repository ?? ''}\n\n${text}\n`;
  });
  return said.join(`\n${'-'.repeat(78)}\n\n`);
}

/** The compiler rewrites the extensions of imports in modules, not in their types. */
function renameImportsInTypes(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!String(name).endsWith('.d.ts')) continue;
    const path = join(folder, String(name));
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.{1,2}\/[^']+|import\("\.{1,2}\/[^"]+)\.ts(['"])/g, '$1.js$2'));
  }
}
