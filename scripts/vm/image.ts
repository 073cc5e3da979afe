import { initramfs } from './initramfs.ts';
import { kernel } from './kernel.ts';
import { requireProgram, vmPrograms } from './programs.ts';
import { rootfs } from './rootfs.ts';

/** What a machine is booted from: paths in the cache, the same for all machines. */
export interface Image {
  readonly vmlinuz: string;
  readonly initramfs: string;
  readonly rootfs: string;
}

/**
 * The image for this Node, this qemu-ga and Debian's present kernel; what the cache does not have is built, and said.
 * Rejects with an Error of one line that says what to do.
 */
export async function vmImage(say: (text: string) => void): Promise<Image> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the machine runs this Node, so it takes Linux on x86-64; this is ${process.platform} on ${process.arch}`);
  }
  for (const program of vmPrograms) requireProgram(program);
  const linux = await kernel(say);
  return { vmlinuz: linux.vmlinuz, initramfs: await initramfs(linux), rootfs: await rootfs(say) };
}
