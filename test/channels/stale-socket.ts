import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The path of a socket whose listener was killed. */
export function leaveStaleSocket(folder: string, name = 'stale'): string {
  const path = join(folder, name);
  const program = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  try {
    execFileSync(process.execPath, ['-e', program, path], { stdio: 'ignore' });
  } catch {
    // Killed, as it was meant to be.
  }
  return path;
}
