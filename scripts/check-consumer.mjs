// Packs the package and compiles a user's program against it, with the oldest compiler that we promise and with ours; then loads it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'virtagent-consumer-'));
try {
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  const installed = join(folder, 'node_modules', 'virtagent');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components', '1']);
  for (const name of ['xstate', 'rxjs', '@types']) symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  cpSync('test/consumer/consumer.ts', join(folder, 'consumer.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  for (const compiler of ['typescript-5.9', 'typescript']) {
    execFileSync(process.execPath, [resolve('node_modules', compiler, 'bin/tsc'), '-p', folder], { stdio: 'inherit' });
  }
  console.log('types: a user compiles against the packed package with TypeScript 5.9 and with ours');
  cpSync('test/consumer/what-is-loaded.mjs', join(folder, 'what-is-loaded.mjs'));
  execFileSync(process.execPath, ['what-is-loaded.mjs'], { cwd: folder, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
