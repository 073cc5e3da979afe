/** What packages take on disk, with all that they depend on. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './workshop.ts';

/** What npm says of a package that it would make. */
interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

/** Of this package, as dist/ is now. */
export function packedSize(): Packed {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(printed.toString()) as [Packed])[0];
}

/** Bytes of an installed package (of this one: packed), how many others it depends on, and bytes of all. */
export function weigh(name: string): { own: number; dependencies: number; total: number } {
  const folder = name === 'virtagent' ? root : join(root, 'node_modules', name);
  const own = name === 'virtagent' ? packedSize().unpackedSize : bytesOf(folder);
  const others = new Set<string>();
  collect(folder, others);
  others.delete(folder);
  return { own, dependencies: others.size, total: [...others].reduce((sum, other) => sum + bytesOf(other), own) };
}

/** Adds a package's folder and those of all that it depends on. */
function collect(folder: string, found: Set<string>): void {
  if (found.has(folder)) return;
  found.add(folder);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
  for (const name of Object.keys(dependencies)) collect(folderOf(name, folder), found);
}

/** Where Node finds a package, from a folder. */
function folderOf(name: string, from: string): string {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  if (dirname(from) === from) throw new Error(`${name} is not installed`);
  return folderOf(name, dirname(from));
}

/** All files of a folder, without packages inside it: those are counted by themselves. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesOf(path);
    return sum + statSync(path).size;
  }, 0);
}
