import { describe } from 'vitest';
import { findProgram } from '../../../scripts/vm/programs.ts';

/** Programs that a system test may need, by the name that they are run by. `npm run setup:system` installs them. */
export type Program = 'qemu-system-x86_64' | 'busybox' | 'cpio' | 'mke2fs' | 'qemu-ga' | 'socat' | 'strace' | 'chromium' | 'python3';

/**
 * A describe block for tests that need those programs. Where one is missing its tests are skipped and its title says why;
 * with CI set they fail instead: there, nothing may go untested.
 */
export function needs(...programs: readonly Program[]): (name: string, body: () => void) => void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  const isComplete = missing.length === 0;
  const why = `needs ${missing.join(', ')}: npm run setup:system`;
  if (!isComplete && isCi()) throw new Error(`in CI no system test may be skipped; this one ${why}`);
  return (name, body) =>
    void describe(`${name}${isComplete ? '' : ` (skipped: ${why})`}`, { skip: !isComplete }, () => {
      body();
    });
}

function isCi(): boolean {
  const { CI } = process.env;
  return CI !== undefined && !['', '0', 'false'].includes(CI);
}
