import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDisk } from './disk.ts';

/** A program that the guest runs from its start on, and starts again when it ends. */
export interface Agent {
  /** Names it in `agent signal NAME`, `agent log NAME` and so on. */
  readonly name: string;
  /** The program and its arguments; no word has a space. `/agent` has the files of this boot. */
  readonly command: string;
}

/** Ports of the machine's virtio-serial bus, by name. */
export const portNames = Object.freeze({
  /** Our guest agent. */
  agent: 'org.virtagent.0',
  /** Another for our guest agent: whoever tries commands has one while the first is in use. */
  spare: 'org.virtagent.1',
  /** QEMU's guest agent. */
  qemuGa: 'org.qemu.guest_agent.0',
  /** Another of QEMU's guest agents, by which a test works on the guest: it needs nothing that is under test. */
  control: 'org.virtagent.control',
});

const qemuGa = (port: string, folder: string): string =>
  `mkdir -p /run/${folder} && exec qemu-ga -m virtio-serial -p /dev/virtio-ports/${port} -t /run/${folder}`;

/** Those that every machine has. */
const always: readonly Agent[] = [{ name: 'control', command: 'sh /agent/control' }];

/** QEMU's own agent, on the port where those who know it look for it. */
export const qemuGaAgent: Agent = { name: 'qemu-ga', command: 'sh /agent/qemu-ga' };

/** Makes the small disk of one boot: the agents to run, and the files that they are. `files` are paths here by names there. */
export async function makeAgentDisk(disk: string, agents: readonly Agent[], files: Readonly<Record<string, string>>): Promise<void> {
  const folder = `${disk}.folder`;
  await mkdir(folder, { recursive: true });
  try {
    for (const [name, path] of Object.entries(files)) await copyFile(path, join(folder, name));
    // Files named .js are modules, as in the package that they come from.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
    await writeFile(join(folder, 'agents'), [...always, ...agents].map(({ name, command }) => `${name} ${command}\n`).join(''));
    await writeFile(join(folder, 'control'), `${qemuGa(portNames.control, 'control')}\n`);
    await writeFile(join(folder, 'qemu-ga'), `${qemuGa(portNames.qemuGa, 'qemu-ga')}\n`);
    await makeDisk(disk, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
