import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folder } from '../../channels/support.ts';

/** Two terminals that are joined crosswise: what is written to one is read from the other. */
export interface PtyPair {
  readonly left: string;
  readonly right: string;
  /** Bytes that have been passed on, in both directions. */
  carried(): number;
  /** Both terminals are hung up, as by a cable that is torn out. */
  hangUp(): Promise<void>;
}

/** As terminals come, with echo and translation of line ends; whoever wants a line has to set it up. */
export async function ptyPair(): Promise<PtyPair> {
  const at = folder();
  const [left, right] = [join(at, 'left'), join(at, 'right')];
  const socat = spawn('socat', [`pty,link=${left}`, `pty,link=${right}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(socat, 'exit');
  const hangUp = async (): Promise<void> => {
    socat.kill('SIGKILL');
    await exited;
  };
  onTestFinished(hangUp);
  while (!existsSync(left) || !existsSync(right)) {
    if (socat.exitCode !== null) throw new Error(`socat ended with ${socat.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const carried = (): number => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${socat.pid}/io`, 'utf8'))?.[1]);
  return { left, right, carried, hangUp };
}
