import { fstatSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import { explain } from './call.ts';
import type { Context } from './context.ts';
import { awaitCommand, exitStatusOf, startCommand, type CommandRunner, type CommandStatus } from './guest-command.ts';
import { streamCommand } from './guest-command-stream.ts';
import { lineOptions, secondsOption, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { Session } from './session.ts';
import { jsonLine, oneLine } from './text.ts';

/** The options of `virtagent exec`, as commander has them. */
export interface RawExecOptions extends RawLineOptions {
  readonly timeout?: string;
  readonly env?: readonly string[];
  /** False with `--no-stdin`. */
  readonly stdin: boolean;
  readonly stream?: true;
}

/** What a command may be given on its standard input: it travels in one message. */
const MOST_INPUT_BYTES = 8 * 1024 * 1024;

/** After this long of silence a user is told what is waited for. */
const INPUT_NOTICE_MS = 2000;

/** The command has ended: the line's proper end may take this long. */
const END_MS = 1000;

/** Runs a command in a guest by QEMU's guest agent. Resolves to its exit status, as a shell would have it. */
export async function runExec(command: readonly string[], raw: RawExecOptions, context: Context): Promise<number> {
  const [path = '', ...args] = command;
  if (path === '' || command.some((word) => word.includes('\0'))) {
    throw new VirtagentError('INVALID_OPTION', `COMMAND is ${quote(path)}; it takes the path or the name of a program in the guest`);
  }
  const line = lineOptions({ ...raw, quiet: true });
  if (line.protocol !== 'qemu-ga') {
    const message = `--protocol is ${quote(line.protocol)}; it takes qemu-ga with exec: virtagent's own guest runs no commands for its host`;
    throw new VirtagentError('INVALID_OPTION', message);
  }
  const env = (raw.env ?? []).map(envOption);
  const timeoutMs = secondsOption('--timeout', raw.timeout);
  const { signal } = context.stopping;
  const input = raw.stdin && line.channelName !== 'stdio' ? await readInput(context, raw.quiet === true) : undefined;
  const deadline = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => deadline.abort(), timeoutMs);
  const log = new Log(context.err, line.log);
  const session = await Session.open({ line, role: 'host', methods: {}, reopens: false, retries: false, log, err: context.err });
  const until = AbortSignal.any([signal, deadline.signal]);
  const runner: CommandRunner = {
    call: async (method, params) => session.peer.call(method, params as never, { signal: until, timeoutMs: durations.callTimeout }),
    pause: async (ms) => pause(ms, undefined, { signal: until }),
  };
  const cleaner: CommandRunner = {
    call: async (method, params) => session.peer.call(method, params as never, { timeoutMs: END_MS }),
    pause: async (ms) => pause(ms),
  };
  let pid: number | undefined;
  const begun = performance.now();
  const started = (given: number): void => void (pid = given);
  const start = { path, args, env, ...(input === undefined ? {} : { input }) };
  // On stdio, stdout is the line.
  const out = line.channelName === 'stdio' ? process.stderr : process.stdout;
  try {
    if (raw.stream === true) {
      const status = await streamCommand(runner, cleaner, start, started, {
        out: async (bytes) => write(out, bytes),
        err: async (bytes) => write(process.stderr, bytes),
      });
      return exitStatusOf(status);
    }
    started(await startCommand(runner, start));
    const status = await awaitCommand(runner, pid as unknown as number);
    if (raw.json === true)
      (line.channelName === 'stdio' ? context.err : context.out).line(jsonLine(shown(status, pid, performance.now() - begun)));
    else await print(status, out, context);
    return exitStatusOf(status);
  } catch (error) {
    throw ended(error, { path, pid, timeoutMs, isTimeout: deadline.signal.aborted, isStopped: signal.aborted }, session);
  } finally {
    clearTimeout(timer);
    await session.end(END_MS);
  }
}

async function print(status: CommandStatus, out: NodeJS.WriteStream, { err }: Context): Promise<void> {
  await write(out, status.out);
  await write(process.stderr, status.err);
  const cut = [status.outTruncated ? 'standard output' : '', status.errTruncated ? 'standard error' : ''].filter((name) => name !== '');
  // The agent keeps the first 16 MiB of each.
  if (cut.length > 0) err.line(`virtagent: the agent cut the command's ${cut.join(' and ')} off: only the beginning is here`);
}

function shown(status: CommandStatus, pid: number | undefined, tookMs: number): object {
  const { exitCode, signal, outTruncated, errTruncated } = status;
  return {
    pid,
    status: exitStatusOf(status),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...shownOutput('out', status.out),
    ...shownOutput('err', status.err),
    outTruncated,
    errTruncated,
    tookMs: Math.round(tookMs),
  };
}

/** As text where it is text. */
function shownOutput(name: string, bytes: Buffer): object {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? { [name]: text } : { [`${name}Base64`]: bytes.toString('base64') };
}

interface Ending {
  readonly path: string;
  readonly pid: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly isTimeout: boolean;
  readonly isStopped: boolean;
}

/** What went wrong, and what is known of the command: the agent can't end one, so it may run on. */
function ended(error: unknown, { path, pid, timeoutMs, isTimeout, isStopped }: Ending, session: Session): unknown {
  const known = pid === undefined ? 'perhaps-executed' : 'executed';
  const runsOn = pid === undefined ? '' : `; as process ${pid} it runs on in the guest (virtagent exec ... -- kill ${pid} ends it)`;
  const name = quote(path);
  if (isStopped) return new VirtagentError('CANCELLED', `${name} is no longer waited for${runsOn}`, { known, method: 'guest-exec' });
  if (isTimeout) {
    const text = `${name} did not end within ${(timeoutMs as number) / 1000} s${runsOn}`;
    return new VirtagentError('TIMEOUT', text, { known, method: 'guest-exec' });
  }
  const explained = explain(error, session);
  if (!(explained instanceof VirtagentError) || pid === undefined) return explained;
  // Its last answer may be lost with the line.
  const { code, message, remote, method, data } = explained;
  return new VirtagentError(code, `${message}${runsOn}`, { known: 'executed', remote, method, data, cause: explained });
}

/** Standard input to its end, where there is one to be read: not a terminal, not /dev/null. */
async function readInput({ stopping, err }: Context, isQuiet: boolean): Promise<Buffer | undefined> {
  if (!isInputGiven()) return undefined;
  const notice = setTimeout(() => {
    if (!isQuiet) err.line('virtagent: waiting for the end of standard input, which the command is to have (--no-stdin does without)');
  }, INPUT_NOTICE_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(stopping.signal, process.stdin as Readable) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_INPUT_BYTES) {
        const message = `standard input has more than ${MOST_INPUT_BYTES} bytes; copy a file into the guest instead, and use --no-stdin`;
        throw new VirtagentError('INVALID_OPTION', message);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (stopping.signal.aborted) throw new VirtagentError('CANCELLED', 'standard input was not read to its end', { known: 'not-sent' });
    throw error;
  } finally {
    clearTimeout(notice);
  }
  return Buffer.concat(chunks);
}

function isInputGiven(): boolean {
  try {
    return !process.stdin.isTTY && !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}

function envOption(text: string): string {
  if (/^[^=\0]+=[^\0]*$/.test(text)) return text;
  throw new VirtagentError('INVALID_OPTION', `--env is ${quote(oneLine(text))}; it takes NAME=VALUE`);
}

async function write(stream: NodeJS.WriteStream, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || stream.destroyed) return;
  // A reader that has left changes nothing of what the command does.
  await new Promise<void>((resolve) => void stream.write(bytes, () => resolve()));
}
