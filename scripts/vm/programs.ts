import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a virtual machine is built and run with; `npm run setup:system` installs them. */
export const vmPrograms = Object.freeze(['qemu-system-x86_64', 'busybox', 'cpio', 'mke2fs', 'qemu-ga'] as const);

/** The path of an installed program, also of one that only administrators have on their path. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The same, or an error that says how to get it. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: run \`npm run setup:system\``);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
