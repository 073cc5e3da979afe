import { execFile } from 'node:child_process';

/** Runs a program to its end and gives what it printed. An error names the program and says in one line what it said last. */
export function run(program: string, args: readonly string[], options: { cwd?: string; input?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd: options.cwd, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const last = lastWords(stderr);
      reject(
        new Error(`${program} ${args[0] ?? ''} failed: ${last === undefined ? error.message.trim().split('\n')[0] : last}`, {
          cause: error,
        }),
      );
    });
    // A program that ends before it has read all says so with its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** The line that says what went wrong: Node ends with its stack and its version, others with the error itself. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /^(?:\w*Error|error|E)\b.*: /.test(line)) ?? lines.at(-1);
}
