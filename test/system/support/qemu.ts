import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { isListening } from './listening.ts';

/** A QEMU whose machine does not run: its monitor, its chardevs and its devices are real. Ends with the test. */
export async function startQemu(socket: string, args: readonly string[] = ['-M', 'none']): Promise<ChildProcess> {
  const fixed = ['-accel', 'tcg', '-S', '-nodefaults', '-no-user-config', '-display', 'none'];
  const qmp = ['-qmp', `unix:${socket},server=on,wait=off`];
  const child = spawn('qemu-system-x86_64', [...fixed, ...args, ...qmp], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  while (!isListening(socket)) {
    if (child.exitCode !== null) throw new Error(`QEMU ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}
