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
    const printed = execFileSync(process.execPath, ['scripts/setup-system.mjs'], { encoding: 'utf8' });
    expect(printed).toBe('setup:system: all that the system tests need is installed\n');
  });
});
