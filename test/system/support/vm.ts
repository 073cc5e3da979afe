import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';
import { portNames, type Agent } from '../../../scripts/vm/agents.ts';
import { Vm, type BootOptions } from '../../../scripts/vm/boot.ts';
import { vmImage } from '../../../scripts/vm/image.ts';
import { unixConnect, type Channel } from '../../../transport/index.ts';
import type { ProtocolName } from '../../../transport/protocols.ts';

/** Our own guest end (test/system/programs/guest.ts) on the virtio-serial port. */
export const onVirtioSerial = (protocol: ProtocolName): Agent => ({
  name: 'test',
  command: `node /agent/test-guest.js virtio-serial ${portNames.agent} ${protocol}`,
});

/** The same on the serial port. */
export const onIsaSerial = (protocol: ProtocolName): Agent => ({
  name: 'serial',
  command: `node /agent/test-guest.js isa-serial /dev/ttyS1 ${protocol}`,
});

/** The machine of a test file, booted once for all its tests. */
export interface TestVm {
  readonly vm: Vm;
  /** Programs of test/system/programs, bundled. */
  readonly programs: { readonly host: string; readonly guest: string };
  /** A folder for files of the test. */
  readonly folder: string;
  /** The host's end of the agent's port, of whichever machine is the present one. */
  readonly channel: Channel;
  /** Boots it again, from what it saved if `restore` is given; ends the present one first. */
  reboot(restore?: string): Promise<Vm>;
}

/**
 * Boots a machine with these agents before the tests of this block, and ends it after them; says what it said if one failed.
 * `more` are other programs of test/system/programs, by name, for its `/agent`.
 */
export function testVm(agents: readonly Agent[], more: readonly string[] = []): TestVm {
  let vm: Vm | undefined;
  let options: BootOptions;
  const folder = mkdtempSync(join('node_modules', '.cache', 'virtagent-system-'));
  const programs = { host: join(folder, 'host.js'), guest: join(folder, 'test-guest.js') };
  const command = join(folder, 'guest.js');

  const boot = async (restore?: string): Promise<Vm> => {
    await vm?.end();
    vm = await Vm.boot({ ...options, ...(restore === undefined ? {} : { restore }) });
    return vm;
  };
  beforeAll(async () => {
    const image = await vmImage((text) => console.log(text));
    await bundle('cli/guest-main.ts', command);
    await bundle('test/system/programs/guest.ts', programs.guest);
    await bundle('test/system/programs/host.ts', programs.host);
    const files: Record<string, string> = { 'guest.js': command, 'test-guest.js': programs.guest };
    for (const name of more) await bundle(`test/system/programs/${name}.ts`, (files[`${name}.js`] = join(folder, `${name}.js`)));
    options = { image, agents, files };
    const { control } = await boot();
    // They run: how long a busy machine takes for that is nothing for the deadlines of calls.
    await control.ready(AbortSignal.timeout(400_000));
    for (const { name, command } of agents)
      if (command.startsWith('node ')) await control.sh(`until [ -s /run/agents/${name}.log ]; do usleep 50000; done`);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && vm !== undefined) console.log(await saidBy(vm));
  });
  afterAll(async () => {
    await vm?.end();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get vm() {
      if (vm === undefined) throw new Error('the machine is booted before the first test, not before');
      return vm;
    },
    programs,
    folder,
    get channel() {
      return {
        name: "the machine's port",
        reopens: true,
        open: (signal: AbortSignal) => unixConnect(vm?.sockets.agent ?? '').open(signal),
        close: async () => {},
      };
    },
    reboot: boot,
  };
}

async function saidBy({ console: path, control }: Vm): Promise<string> {
  const script = 'for log in /run/agents/*.log; do echo "== $log"; tail -n 60 "$log"; done; ps | grep -v "\\["';
  const logs = await control.run(script, AbortSignal.timeout(10_000)).catch((error: unknown) => ({ output: String(error) }));
  return `--- console of the guest\n${readFileSync(path, 'utf8')}\n--- its agents\n${logs.output}`;
}
