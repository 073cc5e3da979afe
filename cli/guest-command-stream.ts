import { VirtagentError } from '../actors/index.ts';
import { awaitCommand, runCommand, startCommand, type CommandRunner, type CommandStart, type CommandStatus } from './guest-command.ts';

/** Where output goes as it comes. */
export interface CommandOutputs {
  readonly out: (bytes: Buffer) => Promise<void>;
  readonly err: (bytes: Buffer) => Promise<void>;
  /** Whether nobody reads `out` any more. */
  readonly hasLeft?: () => boolean;
}

/** Bytes of one read: what is shown soon, and any protocol's message holds. */
const READ_BYTES = 64 * 1024;

/** Reads of each output between two questions after the status: a command that writes faster than this reads would keep it from being asked for. */
const MOST_READS = 16;

const makeScript = 'umask 077; d=$(mktemp -d) && : >"$d/out" && : >"$d/err" && printf %s "$d"';
const pipeScript = 'kill -PIPE "$1"';
const runScript = 'd=$1; shift; exec "$@" >"$d/out" 2>"$d/err"';

/**
 * Runs a command whose output is read while it runs. The agent gives output only at the end, so a shell sends it to two
 * files in a temporary folder of the guest, and they are read as they grow. When nobody reads its output any more the command gets a
 * SIGPIPE, as a pipe's would. The folder is removed at the end, whatever
 * comes, as long as there is a line.
 */
export async function streamCommand(
  runner: CommandRunner,
  cleaner: CommandRunner,
  { path, args, ...rest }: CommandStart,
  started: (pid: number) => void,
  outputs: CommandOutputs,
): Promise<CommandStatus> {
  const made = await runCommand(runner, { path: '/bin/sh', args: ['-c', makeScript] });
  const folder = made.out.toString('utf8');
  if (made.exitCode !== 0 || !/^\/[^\n\0]+$/.test(folder)) {
    throw new VirtagentError('UNSUPPORTED', '--stream needs a shell, mktemp and a place for temporary files in the guest: do without it');
  }
  const handles: number[] = [];
  try {
    const opened = async (name: string): Promise<number> => {
      const handle = (await runner.call('guest-file-open', { path: `${folder}/${name}`, mode: 'r' })) as number;
      handles.push(handle);
      return handle;
    };
    const [out, err] = [await opened('out'), await opened('err')];
    const pid = await startCommand(runner, { ...rest, path: '/bin/sh', args: ['-c', runScript, 'sh', folder, path, ...args] });
    started(pid);
    let isTold = false;
    const status = await awaitCommand(runner, pid, async () => {
      await readOn(runner, out, outputs.out, MOST_READS);
      await readOn(runner, err, outputs.err, MOST_READS);
      if (isTold || outputs.hasLeft?.() !== true) return;
      isTold = true;
      await runCommand(runner, { path: '/bin/sh', args: ['-c', pipeScript, 'sh', String(pid)] });
    });
    // What is there now: a child that it left behind may go on writing.
    await readOn(runner, out, outputs.out, await readsLeft(runner, out));
    await readOn(runner, err, outputs.err, await readsLeft(runner, err));
    return status;
  } finally {
    for (const handle of handles) await cleaner.call('guest-file-close', { handle }).catch(() => {});
    await startCommand(cleaner, { path: '/bin/sh', args: ['-c', 'rm -rf -- "$1"', 'sh', folder] }).catch(() => {});
  }
}

/** What has come since the last time: the agent remembers the position, and its end of file is not for good. */
async function readOn(runner: CommandRunner, handle: number, take: (bytes: Buffer) => Promise<void>, most: number): Promise<void> {
  for (let reads = 0; reads < most; reads++) {
    const answer = (await runner.call('guest-file-read', { handle, count: READ_BYTES })) as { 'buf-b64'?: unknown; eof?: unknown } | null;
    const bytes = Buffer.from(typeof answer?.['buf-b64'] === 'string' ? answer['buf-b64'] : '', 'base64');
    if (bytes.length > 0) await take(bytes);
    if (answer?.eof !== false || bytes.length === 0) return;
  }
}

/** How many reads it takes from where the agent is in that file to its present end. */
async function readsLeft(runner: CommandRunner, handle: number): Promise<number> {
  const seek = async (offset: number, whence: 'set' | 'cur' | 'end'): Promise<number> => {
    const answer = (await runner.call('guest-file-seek', { handle, offset, whence })) as { position?: unknown } | null;
    return typeof answer?.position === 'number' ? answer.position : 0;
  };
  const at = await seek(0, 'cur');
  const end = await seek(0, 'end');
  await seek(at, 'set');
  return Math.ceil((end - at) / READ_BYTES);
}
