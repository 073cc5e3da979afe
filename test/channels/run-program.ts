import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Program {
  readonly child: ChildProcess & { stdin: NonNullable<ChildProcess['stdin']>; stdout: NonNullable<ChildProcess['stdout']> };
  /** What it said to stderr, so far. */
  readonly notes: () => string;
  /** Its exit code or the signal that ended it. */
  readonly exited: Promise<number | string>;
}

/** Runs one of the programs beside this file, killed after the test if it has not ended. */
export function program(name: string, ...args: string[]): Program {
  const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let notes = '';
  child.stderr.on('data', (chunk: Buffer) => (notes += chunk.toString()));
  child.stdin.on('error', () => {});
  const exited = Promise.all([once(child, 'exit'), once(child.stderr, 'close')]).then(
    ([[code, signal]]) => (code ?? signal) as number | string,
  );
  return { child, notes: () => notes, exited };
}

/** Runs it in a shell's pipeline (real pipes, where spawn() makes sockets). `PROGRAM` stands for its command line. */
export function pipeline(name: string, shell: string): { exited: Promise<number | string>; output: () => string; notes: () => string } {
  const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const command = shell.replaceAll('PROGRAM', `'${process.execPath}' --import tsx '${path}'`);
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, notes] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (notes += chunk.toString()));
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { exited, output: () => output, notes: () => notes };
}
