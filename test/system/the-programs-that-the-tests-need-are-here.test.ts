import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { needs } from './support/needs.ts';

needs(
  ...vmPrograms,
  'socat',
  'chromium',
  'python3',
)('npm run setup:system', () => {
  it('is quick and changes nothing where all is there', () => {
    const setUp = (): string => execFileSync(process.execPath, ['scripts/setup-system.mjs'], { encoding: 'utf8' });
    // It looks for new packages once a day, and that may be now.
    setUp();
    expect(setUp()).toBe('setup:system: all that the system tests need is installed\n');
  });
});
