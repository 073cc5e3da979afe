import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cached, keyOf, versionOf } from './cache.ts';
import type { Kernel } from './kernel.ts';
import { requireProgram } from './programs.ts';
import { run } from './run.ts';

/** In the order in which they have to be loaded. */
const modules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'drivers/char/virtio_console',
  'drivers/block/virtio_blk',
] as const;

/** The guest's programs of its own, and where they are put. */
const scripts = { init: 'init', 'name-ports': 'sbin/name-ports', agent: 'sbin/agent' } as const;

/** The guest's first file system, in memory: busybox, modules, and what starts the rest. */
export async function initramfs({ release, modules: folder }: Kernel): Promise<string> {
  const busybox = requireProgram('busybox');
  const texts = await Promise.all(Object.keys(scripts).map((name) => readFile(join(import.meta.dirname, 'guest', name), 'utf8')));
  const key = keyOf([release, versionOf(busybox), ...modules, ...texts]);
  return cached(`initramfs-${key}.cpio`, async (aside) => {
    const root = `${aside}.root`;
    const files: [from: string, to: string][] = [
      [busybox, 'bin/busybox'],
      ...modules.map((name): [string, string] => [join(folder, `${name}.ko`), `modules/${basename(name)}.ko`]),
      ...Object.entries(scripts).map(([name, to]): [string, string] => [join(import.meta.dirname, 'guest', name), to]),
    ];
    for (const [from, to] of files) {
      await mkdir(dirname(join(root, to)), { recursive: true });
      await copyFile(from, join(root, to));
      await chmod(join(root, to), 0o755);
    }
    await writeFile(join(root, 'modules/order'), modules.map((name) => `${basename(name)}\n`).join(''));
    const list = ['.', 'bin', 'modules', 'modules/order', 'sbin', ...files.map(([, to]) => to)].join('\n');
    await run(requireProgram('cpio'), ['--quiet', '-o', '-H', 'newc', '-F', aside], { cwd: root, input: `${list}\n` });
  });
}
