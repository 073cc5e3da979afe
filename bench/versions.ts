/** The versions of what is compared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workshop.ts';

/** The version of an installed package, or of this one. */
export function versionOf(name: string | undefined): string {
  if (name === undefined) return '';
  const folder = name === 'virtagent' ? root : join(root, 'node_modules', name);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
