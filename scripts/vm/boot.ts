import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { filter, firstValueFrom } from 'rxjs';
import { connectQmp, type Qmp } from '../../transport/channels/qmp.ts';
import { makeAgentDisk, portNames, type Agent } from './agents.ts';
import { Control } from './control.ts';
import type { Image } from './image.ts';
import { findProgram, requireProgram } from './programs.ts';

/** What a machine is to be. */
export interface BootOptions {
  readonly image: Image;
  /** What it runs from the start on. */
  readonly agents: readonly Agent[];
  /** Files for its `/agent`: paths here by names there. */
  readonly files: Readonly<Record<string, string>>;
  /** A file that {@link Vm.save} made: the machine goes on from there, whatever agents and files are named here. */
  readonly restore?: string;
}

/** Where the host finds the machine's lines: unix sockets. */
export interface Sockets {
  /** virtio-serial port `org.virtagent.0`. */
  readonly agent: string;
  /** virtio-serial port `org.virtagent.1`. */
  readonly spare: string;
  /** The second serial port, `/dev/ttyS1`. */
  readonly serial: string;
  /** virtio-serial port `org.qemu.guest_agent.0`. */
  readonly qemuGa: string;
  /** QEMU's monitor, for whoever wants one; {@link Vm.qmp} has its own. */
  readonly qmp: string;
}

/** Ids of devices, for QMP. */
export const deviceIds = Object.freeze({ agent: 'agent-port', spare: 'spare-port', qemuGa: 'qemu-ga-port', control: 'control-port' });

/** Ends that a test or a person forgot: no machine outlives the process that booted it, nor does its folder. */
const running = new Set<Vm>();
process.once('exit', () => {
  for (const vm of running) {
    vm.kill();
    rmSync(vm.folder, { recursive: true, force: true });
  }
});

/** A virtual machine under software emulation. It ends with {@link Vm.end}, or with this process. */
export class Vm {
  /** Of its own, with its sockets, console and disk; removed at the end. */
  readonly folder: string;
  readonly sockets: Sockets;
  /** What the guest's kernel and init print. */
  readonly console: string;
  /** Runs commands in the guest. */
  readonly control: Control;
  /** Ends when QEMU does, with why. */
  readonly ended: Promise<string>;
  readonly #qemu: ChildProcess;
  #monitor: Qmp | undefined;
  #words = '';

  private constructor(folder: string, qemu: ChildProcess) {
    this.folder = folder;
    this.sockets = socketsIn(folder);
    this.console = join(folder, 'console.log');
    this.control = new Control(join(folder, 'control.sock'));
    this.#qemu = qemu;
    qemu.stderr?.on('data', (text: Buffer) => (this.#words = (this.#words + text.toString()).slice(-1000)));
    this.ended = new Promise((resolve) => {
      qemu.once('error', (error) => resolve(`QEMU could not be started: ${error.message}`));
      qemu.once('close', (code, signal) =>
        resolve(`QEMU ended with ${code ?? signal}${this.#words === '' ? '' : `: ${this.#words.trim()}`}`),
      );
    });
    running.add(this);
  }

  /** Powers a machine on. Resolves when QEMU runs; the guest starts meanwhile ({@link Control.ready} waits for it). */
  static async boot(options: BootOptions): Promise<Vm> {
    const qemu = requireProgram('qemu-system-x86_64');
    // A socket's path has 107 bytes at most, so it is no folder of the project.
    const folder = mkdtempSync(join(tmpdir(), 'virtagent-vm-'));
    try {
      const disk = join(folder, 'agent.ext4');
      // A restored machine has what it knows of its disk in memory: it gets the very same.
      if (options.restore === undefined) await makeAgentDisk(disk, options.agents, options.files);
      else await copyFile(`${options.restore}.disk`, disk);
      const vm = new Vm(folder, start(qemu, qemuArguments(options, folder, disk)));
      await vm.#connectMonitor();
      if (options.restore !== undefined) await vm.#goOn();
      return vm;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** QEMU's monitor. */
  get qmp(): Qmp {
    if (this.#monitor === undefined) throw new Error('the machine has ended');
    return this.#monitor;
  }

  get pid(): number | undefined {
    return this.#qemu.pid;
  }

  /** Writes the machine as it is now to a file (and one beside it), for {@link BootOptions.restore}, and lets it run on. */
  async save(file: string): Promise<void> {
    await this.qmp.execute('stop');
    await this.qmp.execute('migrate', { uri: `exec:cat > '${file}'` });
    for (;;) {
      const { status } = (await this.qmp.execute('query-migrate')) as { status?: string };
      if (status === 'completed') break;
      if (status === 'failed' || status === 'cancelled') throw new Error(`the machine was not saved: ${status}`);
      await pause(10);
    }
    await copyFile(join(this.folder, 'agent.ext4'), `${file}.disk`);
    await this.qmp.execute('cont');
  }

  /** Presses the reset button: the guest starts anew, its lines stay. */
  async reset(): Promise<void> {
    await this.qmp.execute('set-action', { reboot: 'reset' });
    await this.qmp.execute('system_reset');
  }

  /** Takes the agent's port out of the running machine. */
  async unplug(): Promise<void> {
    const gone = firstValueFrom(
      this.qmp.events$.pipe(filter(({ event, data }) => event === 'DEVICE_DELETED' && data['device'] === deviceIds.agent)),
    );
    await this.qmp.execute('device_del', { id: deviceIds.agent });
    await gone;
  }

  /** Puts it back. */
  async plug(): Promise<void> {
    await this.qmp.execute('device_add', { driver: 'virtserialport', chardev: 'agent', name: portNames.agent, id: deviceIds.agent });
  }

  /** Cuts the power and removes what is left. */
  async end(): Promise<void> {
    this.kill();
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
    running.delete(this);
  }

  /** The end of {@link end} that needs no turn of the event loop. */
  kill(): void {
    this.control.close();
    this.#monitor?.close();
    this.#qemu.kill('SIGKILL');
  }

  /** It was stopped when it was saved, and is so when it has been read. */
  async #goOn(): Promise<void> {
    for (;;) {
      const { status } = (await this.qmp.execute('query-status')) as { status: string };
      if (status !== 'inmigrate') break;
      await pause(10);
    }
    await this.qmp.execute('cont');
  }

  async #connectMonitor(): Promise<void> {
    const path = join(this.folder, 'monitor.sock');
    const over = this.ended.then((why) => {
      throw new Error(why);
    });
    const connect = async (): Promise<Qmp> => {
      const deadline = AbortSignal.timeout(30_000);
      for (;;) {
        try {
          return await connectQmp({ path }, deadline);
        } catch (error) {
          if (deadline.aborted) throw error;
          await pause(10);
        }
      }
    };
    this.#monitor = await Promise.race([connect(), over]);
    over.catch(() => {});
  }
}

/** Also a process that is killed, and can't end what it has started, takes the machine with it. */
function start(qemu: string, args: readonly string[]): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? spawn(qemu, args, { stdio }) : spawn(setpriv, ['--pdeathsig', 'KILL', qemu, ...args], { stdio });
}

function socketsIn(folder: string): Sockets {
  return {
    agent: join(folder, 'agent.sock'),
    spare: join(folder, 'spare.sock'),
    serial: join(folder, 'serial.sock'),
    qemuGa: join(folder, 'qga.sock'),
    qmp: join(folder, 'qmp.sock'),
  };
}

function qemuArguments({ image, restore }: BootOptions, folder: string, disk: string): string[] {
  const sockets = socketsIn(folder);
  const socket = (id: string, path: string): string[] => ['-chardev', `socket,id=${id},path=${path},server=on,wait=off`];
  const port = (id: string, chardev: string, name: string): string[] => [
    '-device',
    `virtserialport,chardev=${chardev},name=${name},id=${id}`,
  ];
  const drive = (id: string, file: string): string[] => [
    ...['-drive', `if=none,id=${id},file=${file},format=raw,read-only=on,file.locking=off`],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ];
  return [
    // KVM looks present on some machines and hangs the kernel there; software emulation is the same everywhere.
    ...['-accel', 'tcg', '-machine', 'pc,acpi=off', '-cpu', 'max', '-smp', '1', '-m', '256'],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...['-kernel', image.vmlinuz, '-initrd', image.initramfs, '-append', 'console=ttyS0 quiet panic=-1 reboot=t'],
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...socket('serial', sockets.serial),
    ...['-device', 'isa-serial,chardev=serial,index=1'],
    ...['-device', 'virtio-serial-pci'],
    ...socket('agent', sockets.agent),
    ...port(deviceIds.agent, 'agent', portNames.agent),
    ...socket('spare', sockets.spare),
    ...port(deviceIds.spare, 'spare', portNames.spare),
    ...socket('qga', sockets.qemuGa),
    ...port(deviceIds.qemuGa, 'qga', portNames.qemuGa),
    ...socket('control', join(folder, 'control.sock')),
    ...port(deviceIds.control, 'control', portNames.control),
    ...drive('root', image.rootfs),
    ...drive('files', disk),
    ...['-qmp', `unix:${join(folder, 'monitor.sock')},server=on,wait=off`],
    ...['-qmp', `unix:${sockets.qmp},server=on,wait=off`],
    ...(restore === undefined ? [] : ['-incoming', `exec:cat '${restore}'`]),
  ];
}
