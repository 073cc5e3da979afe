import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { cached, keyOf, versionOf } from './cache.ts';
import { makeDisk } from './disk.ts';
import { findProgram, requireProgram } from './programs.ts';
import { run } from './run.ts';

/** Raised when what is put on the disk changes otherwise than by versions. */
const RECIPE = '2';

/** The guest's large disk: this Node, qemu-ga, their libraries, and the serialport package. It changes with their versions only. */
export async function rootfs(say: (text: string) => void): Promise<string> {
  const node = process.execPath;
  const qemuGa = requireProgram('qemu-ga');
  const packages = await packagesBelow('serialport');
  const versions = [...packages].map(([name, { version }]) => `${name} ${version}`);
  const key = keyOf([RECIPE, process.version, versionOf(node), versionOf(qemuGa), ...versions]);
  return cached(`rootfs-${key}.ext4`, async (aside) => {
    say(`making the guest's disk: Node ${process.version}, qemu-ga, serialport`);
    const root = `${aside}.root`;
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    await copyFile(node, join(root, 'usr/bin/node'));
    await copyFile(qemuGa, join(root, 'usr/bin/qemu-ga'));
    const strip = findProgram('strip');
    // Symbols are a tenth of it, and of no use there.
    if (strip !== undefined) await run(strip, [join(root, 'usr/bin/node')]);
    for (const library of await librariesOf(node, qemuGa)) {
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(library, join(root, library));
    }
    for (const [name, { folder }] of packages) await copyPackage(folder, join(root, 'node_modules', name));
    await makeDisk(aside, root);
  });
}

/** The shared libraries of these programs and the loader, by the paths at which they are looked for. */
async function librariesOf(...programs: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const program of programs) {
    const text = await run('ldd', [program]);
    for (const [, path] of text.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)) if (path !== undefined) found.add(path);
  }
  return found;
}

interface Package {
  readonly folder: string;
  readonly version: string;
}

/** An installed package with all that it depends on. */
async function packagesBelow(name: string, from = join(process.cwd(), 'package.json'), found = new Map<string, Package>()) {
  if (found.has(name)) return found;
  const folder = packageFolder(name, from);
  const { version, dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    dependencies?: Record<string, string>;
  };
  found.set(name, { folder, version });
  for (const dependency of Object.keys(dependencies)) await packagesBelow(dependency, join(folder, 'package.json'), found);
  return found;
}

function packageFolder(name: string, from: string): string {
  const folders = createRequire(from).resolve.paths(name) ?? [];
  const folder = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')));
  if (folder === undefined) throw new Error(`the package ${name} is not installed: run \`npm ci\``);
  return folder;
}

/** Only the binding of this system is of use there: the others are most of the package. */
async function copyPackage(folder: string, to: string): Promise<void> {
  await cp(folder, to, {
    recursive: true,
    dereference: true,
    filter: (path) => {
      const below = path.slice(folder.length + 1).split('/');
      const isForeign = below[0] === 'prebuilds' && below.length > 1 && below[1] !== `${process.platform}-${process.arch}`;
      return !isForeign && !['node_modules', 'build'].includes(below[0] ?? '') && !/\.(d\.ts|map|md)$/.test(basename(path));
    },
  });
}
