import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folder } from '../../cli/support.ts';
import { RealAgent } from './guest-agent.ts';

/** A real qemu-ga for the command to speak to, gone after the test. */
export interface CommandsAgent {
  readonly agent: RealAgent;
  /** Options of the command for a line to it. */
  readonly line: readonly string[];
  /** A folder for the test's files, and what of it the agent has open. */
  readonly folder: string;
  openFiles(): string[];
}

/** Starts one; `disabled` are further commands that it does not have. */
export async function realAgent(...disabled: readonly string[]): Promise<CommandsAgent> {
  const agent = await new RealAgent().start(disabled);
  onTestFinished(async () => agent.end());
  const files = join(folder(), 'files');
  mkdirSync(files);
  const openFiles = (): string[] => {
    const folderOfFds = `/proc/${agent.pid}/fd`;
    return readdirSync(folderOfFds)
      .map((fd) => targetOf(join(folderOfFds, fd)))
      .filter((path) => path.startsWith(files));
  };
  return { agent, line: ['-c', 'unix-connect', '-p', agent.path, '--protocol', 'qemu-ga'], folder: files, openFiles };
}

/** Of a descriptor; none if the agent has closed it since it was listed. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(fd);
  } catch {
    return '';
  }
}
