import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireProgram } from '../../../scripts/vm/programs.ts';

/** A program of test/system/python, the second implementation of virtagent-2. Where there is no Python its test fails, and says so. */
export function runPython(name: 'main' | 'vectors', ...args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../python/${name}.py`, import.meta.url));
  // -B: it leaves nothing in the folder.
  const child = spawn(requireProgram('python3'), ['-B', path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.on('error', () => {});
  return child;
}
