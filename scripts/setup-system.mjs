// Installs what the tests against real lines need: npm run setup:system. Says what and why first; quick when all is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, the Debian package that has it, and what it is needed for. */
const needed = [
  ['qemu-system-x86_64', 'qemu-system-x86', 'runs the virtual machine, by software emulation'],
  ['busybox', 'busybox-static', 'the first program of the guest'],
  ['cpio', 'cpio', "packs the guest's first file system"],
  ['mke2fs', 'e2fsprogs', "makes the guest's disks"],
  ['qemu-ga', 'qemu-guest-agent', "QEMU's own guest agent, that the protocol qemu-ga talks to"],
  ['chromium', 'chromium', "a browser that the inspector's page is tested in"],
  ['socat', 'socat', 'pseudo-terminals and relays for the tests of lines'],
  ['python3', 'python3', 'runs the second implementation of virtagent-2, in test/system/python'],
];

// Administration programs need not be on the path of an ordinary user.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'].filter((folder) => folder !== '');
const missing = needed.filter(([program]) => !folders.some((folder) => isExecutable(join(folder, program))));
process.exitCode = missing.length > 0 ? install(missing) : update();

/** @param {string[][]} missing */
function install(missing) {
  const packages = missing.map(([, name]) => name);
  const asked = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  console.log('setup:system: the system tests and `npm run vm` need');
  for (const [program, name, why] of missing) console.log(`  ${name.padEnd(18)} ${program}: ${why}`);
  if (!hasApt()) {
    return say('there is no apt-get here; install these programs as your system does it', 1);
  }
  if (process.getuid?.() !== 0) return say(`to install them, run\n  sudo apt-get update && sudo ${asked.join(' ')}`, 1);
  for (const [program, ...args] of [['apt-get', 'update', '-q'], asked]) {
    console.log(`setup:system: ${program} ${args.join(' ')}`);
    // A service has no business in a build: the agent is run by the tests alone.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const { status, error } = spawnSync(program, args, { stdio: 'inherit', env });
    if (status !== 0) return say(`\`${program} ${args[0]}\` failed (${error?.message ?? `exit ${status}`}); its own words are above`, 1);
  }
  return say('done', 0);
}

/** The guest's kernel is downloaded, not installed: apt has to know where from, and of an old list the packages may be gone. */
function update() {
  if (!hasApt())
    return say('the programs are all here; the guest is made of Debian packages by apt-get, so the machine itself takes a Debian', 0);
  const known = spawnSync('apt-cache', ['show', '--quiet', 'linux-image-cloud-amd64']).status === 0;
  if (known && Date.now() - listsFrom() < 24 * 60 * 60 * 1000) return say('all that the system tests need is installed', 0);
  const why = known ? "apt's lists of packages are more than a day old" : 'apt has no lists of packages';
  if (process.getuid?.() !== 0) {
    const text = `${why}, and the kernel of the guest is one; run\n  sudo apt-get update`;
    return known ? say(`all that the system tests need is installed; ${text} if it can't be downloaded`, 0) : say(text, 1);
  }
  console.log(`setup:system: ${why}, and the kernel of the guest is one: apt-get update -q`);
  const { status } = spawnSync('apt-get', ['update', '-q'], { stdio: 'inherit' });
  // Old lists may still do.
  return status === 0 || known
    ? say('all that the system tests need is installed', 0)
    : say('`apt-get update` failed; its own words are above', 1);
}

/** When the lists were last looked at, in milliseconds since 1970. */
function listsFrom() {
  return statSync('/var/lib/apt/lists/partial', { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function hasApt() {
  return process.platform === 'linux' && folders.some((folder) => isExecutable(join(folder, 'apt-get')));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} text @param {number} code */
function say(text, code) {
  (code === 0 ? console.log : console.error)(`setup:system: ${text}`);
  return code;
}
