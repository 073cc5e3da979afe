import { readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from './programs.ts';
import { run } from './run.ts';

const BLOCK = 4096;

/** Makes `image` a read-only file system with what is in `folder`. Needs no root: nothing is mounted. */
export async function makeDisk(image: string, folder: string): Promise<void> {
  let blocks = 0;
  let files = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    files += 1;
    if (entry.isFile()) blocks += Math.ceil((await stat(join(entry.parentPath, entry.name))).size / BLOCK);
  }
  // Tables of files, of blocks and of extents: a twentieth and a little more.
  const size = (Math.ceil(blocks * 1.05) + files + 512) * BLOCK;
  await writeFile(image, '');
  await truncate(image, size);
  const features = '^has_journal,^resize_inode,^metadata_csum';
  await run(requireProgram('mke2fs'), [
    ...['-q', '-F', '-t', 'ext4', '-b', String(BLOCK), '-m', '0', '-N', String(files + 64), '-O', features],
    ...['-E', 'root_owner=0:0,lazy_itable_init=0', '-d', folder, image],
  ]);
}
