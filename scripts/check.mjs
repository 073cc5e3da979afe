// One command checks everything: npm run check. `--no-tests` leaves out the tests, for where they have just run.
import { spawnSync } from 'node:child_process';

const tests = !process.argv.includes('--no-tests');
/** @type {[string, string[]][]} */
const steps = [
  ['types', ['npx', 'tsc', '-p', 'tsconfig.json']],
  ['types of the page', ['npx', 'tsc', '-p', 'inspector/page/tsconfig.json']],
  ['lint', ['npx', 'oxlint', '--type-aware']],
  ['format', ['npx', 'oxfmt', '--check']],
  ['build', ['npm', 'run', '-s', 'build']],
  ['docs are not stale', ['npm', 'run', '-s', 'docs', '--', '--check']],
  ['vectors are not stale', ['npm', 'run', '-s', 'vectors', '--', '--check']],
  ['no unused code or dependency', ['npx', 'knip']],
  ['package', ['npx', 'publint', '--strict']],
  ['types of the package', ['npx', 'attw', '--pack', '.', '--profile', 'esm-only']],
  ['a consumer on TypeScript 5.9', ['node', 'scripts/check-consumer.mjs']],
  ...(tests ? [['tests', ['npx', 'vitest', 'run']]] : []),
];

const failed = [];
for (const [name, command] of steps) {
  const [program, ...args] = command;
  console.log(`--- ${name}: ${command.join(' ')}`);
  if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? `all ${steps.length} checks passed` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
