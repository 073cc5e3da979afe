import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';

/** What `guest-exec-status` says of a command that has ended, or of one that runs. */
export interface CommandStatus {
  readonly exited: boolean;
  readonly exitCode: number | undefined;
  /** The signal's number, where one ended it. */
  readonly signal: number | undefined;
  readonly out: Buffer;
  readonly err: Buffer;
  /** The agent keeps 16 MiB of each output. */
  readonly outTruncated: boolean;
  readonly errTruncated: boolean;
}

/** What a command is started with. */
export interface CommandStart {
  readonly path: string;
  readonly args: readonly string[];
  /** NAME=VALUE; none: the agent's own environment. */
  readonly env?: readonly string[];
  readonly input?: Buffer;
}

/** How commands are run in a guest; time is given, so that no test waits. */
export interface CommandRunner {
  readonly call: (method: string, params: object) => Promise<unknown>;
  /** Resolves after that many milliseconds, or rejects when the command is given up. */
  readonly pause: (ms: number) => Promise<void>;
}

/** The agent says nothing by itself: it is asked soon, then ever more slowly. */
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1000;

/** The pause before the next question, from 0. */
export function pauseMs(asked: number): number {
  return Math.min(LAST_PAUSE_MS, Math.round(FIRST_PAUSE_MS * 1.5 ** Math.min(asked, 20)));
}

/** Starts a command in the guest. Resolves to its process id there. */
export async function startCommand({ call }: CommandRunner, { path, args, env, input }: CommandStart): Promise<number> {
  const answer = await call('guest-exec', {
    path,
    arg: args,
    ...(env === undefined || env.length === 0 ? {} : { env }),
    ...(input === undefined ? {} : { 'input-data': input.toString('base64') }),
    'capture-output': true,
  });
  const pid = (answer as { pid?: unknown } | null)?.pid;
  return Number.isSafeInteger(pid) && (pid as number) > 0 ? (pid as number) : bad('guest-exec', `pid is ${quote(pid, 40)}`);
}

/** Asks until the command has ended. `onRunning` is run before each pause. */
export async function awaitCommand(
  runner: CommandRunner,
  pid: number,
  onRunning: () => Promise<void> | void = () => {},
): Promise<CommandStatus> {
  for (let asked = 0; ; asked++) {
    const status = readStatus(await runner.call('guest-exec-status', { pid }));
    if (status.exited) return status;
    await onRunning();
    await runner.pause(pauseMs(asked));
  }
}

/** Runs a command to its end. */
export async function runCommand(runner: CommandRunner, start: CommandStart): Promise<CommandStatus> {
  return awaitCommand(runner, await startCommand(runner, start));
}

/** Reads an answer of `guest-exec-status`; INVALID_RESPONSE for one that can't be used. */
export function readStatus(answer: unknown): CommandStatus {
  const given = (typeof answer === 'object' && answer !== null ? answer : bad(status, 'it is no object')) as Record<string, unknown>;
  const exited = given['exited'];
  if (typeof exited !== 'boolean') return bad(status, `exited is ${quote(exited, 40)}`);
  return {
    exited,
    exitCode: numberIn(given, 'exitcode', 0xffff_ffff),
    signal: numberIn(given, 'signal', 127),
    out: bytesIn(given, 'out-data'),
    err: bytesIn(given, 'err-data'),
    outTruncated: given['out-truncated'] === true,
    errTruncated: given['err-truncated'] === true,
  };
}

/** What a shell would give as the command's status: a signal is 128 and its number. A status has a byte, and only success is 0. */
export function exitStatusOf({ exitCode, signal }: CommandStatus): number {
  if (signal !== undefined) return 128 + signal;
  if (exitCode === undefined) return bad(status, 'it has neither exitcode nor signal');
  return exitCode === 0 ? 0 : exitCode & 0xff || 1;
}

const status = 'guest-exec-status';

function numberIn(given: Record<string, unknown>, name: string, most: number): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  // Windows has statuses that look negative.
  return Number.isSafeInteger(value) && Math.abs(value as number) <= most
    ? (value as number)
    : bad(status, `${name} is ${quote(value, 40)}`);
}

function bytesIn(given: Record<string, unknown>, name: string): Buffer {
  const text = given[name] ?? '';
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  return bytes !== undefined && bytes.toString('base64') === text ? bytes : bad(status, `${name} is no base64`);
}

function bad(method: string, what: string): never {
  throw new VirtagentError('INVALID_RESPONSE', `${method}: the guest's answer can not be used: ${what}`, { method, known: 'executed' });
}
