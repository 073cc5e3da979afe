import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { run } from './run.ts';

/** A kernel, unpacked: nothing of it is installed. */
export interface Kernel {
  /** Of the release, such as 6.1.0-9-cloud-amd64. */
  readonly release: string;
  readonly vmlinuz: string;
  /** The folder of its modules. */
  readonly modules: string;
}

const metaPackage = 'linux-image-cloud-amd64';

/** Debian's kernel for virtual machines, downloaded once. Needs apt and the lists of packages, but not root. */
export async function kernel(say: (text: string) => void): Promise<Kernel> {
  const name = await packageName();
  const release = name.replace('linux-image-', '');
  const folder = await cached(name, async (aside) => {
    say(`downloading ${name}`);
    const download = `${aside}.download`;
    await mkdir(download);
    // As root apt would rather download as another user, who can't enter this folder.
    await run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', name], { cwd: download });
    const [file] = await readdir(download);
    if (file === undefined) throw new Error(`apt-get download ${name} left no file`);
    await run('dpkg', ['-x', join(download, file), `${download}/unpacked`]);
    await rename(`${download}/unpacked`, aside);
  });
  return { release, vmlinuz: join(folder, 'boot', `vmlinuz-${release}`), modules: join(folder, 'lib/modules', release, 'kernel') };
}

/** The package that stands behind the one without a version. */
async function packageName(): Promise<string> {
  const hint = 'it takes a Debian on x86-64 with lists of packages: run `apt-get update`';
  const text = await run('apt-cache', ['depends', '--no-recommends', '--no-suggests', metaPackage]).catch((error: unknown) => {
    throw new Error(`apt does not know ${metaPackage}; ${hint}`, { cause: error });
  });
  const name = /Depends: (linux-image-[\w.+-]+-cloud-amd64)$/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`apt knows no kernel behind ${metaPackage}; ${hint}`);
  return name;
}
