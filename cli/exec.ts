import { setTimeout as pause } from 'node:timers/promises';
import { VirtagentError, type Known } from '../actors/index.ts';
import { invalidOption, quote } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import { explain } from './call.ts';
import { CommandFailure } from './command-failure.ts';
import type { Context } from './context.ts';
import { deadlineBeside } from './deadline.ts';
import { reasonOf } from './errno.ts';
import { readExecInput } from './exec-input.ts';
import { streamCommand } from './guest-command-stream.ts';
import { awaitCommand, exitStatusOf, startCommand } from './guest-command.ts';
import type { CommandRunner, CommandStart, CommandStatus } from './guest-command.ts';
import { hostProtocols, lineOptions, secondsOption, sessionOptions, type LineOptions, type RawLineOptions } from './line-options.ts';
import { notWritten } from './local-failure.ts';
import { Log } from './log.ts';
import { hasLeft } from './output.ts';
import { Session } from './session.ts';
import { jsonLine } from './text.ts';

/** The options of `virtagent exec`, as commander has them. */
export interface RawExecOptions extends RawLineOptions {
  readonly timeout?: string;
  readonly env?: readonly string[];
  /** False with `--no-stdin`. */
  readonly stdin: boolean;
  readonly stream?: true;
}

/** The same, checked. */
interface ExecOptions {
  readonly line: LineOptions;
  readonly env: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly isStreamed: boolean;
  readonly isJson: boolean;
}

/** The command has ended: the line's proper end, and each call that cleans up, may take this long. */
const END_MS = 1000;

/** Runs a command in a guest by QEMU's guest agent. Resolves to its exit status, as a shell would have it. */
export async function runExec(command: readonly string[], raw: RawExecOptions, context: Context): Promise<number> {
  const [path = '', ...args] = command;
  if (path === '' || command.some((word) => word.includes('\0'))) invalidOption('COMMAND', path, 'a program of the guest, by path or name');
  const options = execOptions(raw);
  const { line, env, timeoutMs } = options;
  const log = new Log(context.err, { json: raw.json === true, quiet: raw.quiet === true });
  const input = raw.stdin && line.channelName !== 'stdio' ? await readExecInput(log, context.stopping.signal) : undefined;
  const start: CommandStart = { path, args, env, ...(input === undefined ? {} : { input }) };
  const { err, stopping } = context;
  const session = await Session.open({
    line,
    role: 'host',
    methods: {},
    reopens: false,
    retries: false,
    log: new Log(err, line.log),
    err,
  });
  const deadline = deadlineBeside(stopping.signal, timeoutMs);
  const running = new RunningCommand(session, deadline.signal);
  try {
    const found = await session.protocol({ timeoutMs, signal: deadline.signal });
    if (found !== 'qemu-ga') {
      const message = `the guest speaks ${found}, and exec needs QEMU's guest agent (qemu-ga): virtagent's own guest runs no commands`;
      const remedy = "Name the line of QEMU's own agent in --path; with virtagent's own guest there are call and copy.";
      throw new VirtagentError('PROTOCOL_MISMATCH', message, { known: 'not-sent', data: { remedy } });
    }
    return await runOn(running, start, options, context);
  } catch (error) {
    const { pid } = running;
    const name = quote(path);
    // The call that was given up knows whether the agent was asked at all.
    const known =
      pid !== undefined ? 'executed' : error instanceof VirtagentError && error.known === 'not-sent' ? 'not-sent' : 'perhaps-executed';
    if (stopping.signal.aborted) throw withPid(given('CANCELLED', `${name} is no longer waited for`, known), pid);
    if (deadline.hasPassed()) {
      const text = `${name} ${known === 'not-sent' ? 'was not started' : 'did not end'} within ${(timeoutMs as number) / 1000} s`;
      throw withPid(explain(given('TIMEOUT', text, known), session), pid);
    }
    throw withPid(explain(error, session), pid);
  } finally {
    deadline.end();
    await session.end(END_MS);
  }
}

/** A command on its way: how it is asked after, and which process it is. */
class RunningCommand implements CommandRunner {
  pid: number | undefined;
  /** For what is left to do when the command is given up. */
  readonly cleaner: CommandRunner;
  readonly #session: Session;
  readonly #until: AbortSignal;
  readonly #begun = performance.now();

  constructor(session: Session, until: AbortSignal) {
    this.#session = session;
    this.#until = until;
    this.cleaner = {
      call: async (method, params) => session.call(method, params, { timeoutMs: END_MS }),
      pause: async (ms) => pause(ms),
    };
  }

  get tookMs(): number {
    return Math.round(performance.now() - this.#begun);
  }

  readonly call = async (method: string, params: object): Promise<unknown> =>
    this.#session.call(method, params, { signal: this.#until, timeoutMs: durations.callTimeout });

  readonly pause = async (ms: number): Promise<void> => pause(ms, undefined, { signal: this.#until });
}

async function runOn(running: RunningCommand, start: CommandStart, options: ExecOptions, { out, err }: Context): Promise<number> {
  // On stdio, stdout is the line.
  const isOnStdio = options.line.channelName === 'stdio';
  const outStream = isOnStdio ? process.stderr : process.stdout;
  if (options.isStreamed) {
    let isRead = true;
    const status = await streamCommand(running, running.cleaner, start, (pid) => (running.pid = pid), {
      out: async (bytes) => void (isRead = (await write(outStream, bytes)) && isRead),
      err: async (bytes) => void (await write(process.stderr, bytes)),
      hasLeft: () => !isRead,
    });
    return exitStatusOf(status);
  }
  running.pid = await startCommand(running, start);
  const status = await awaitCommand(running, running.pid);
  if (options.isJson) {
    (isOnStdio ? err : out).line(jsonLine({ pid: running.pid, ...shown(status), tookMs: running.tookMs }));
    return exitStatusOf(status);
  }
  await write(outStream, status.out);
  await write(process.stderr, status.err);
  const cut = [status.outTruncated ? 'standard output' : '', status.errTruncated ? 'standard error' : ''].filter((name) => name !== '');
  if (cut.length > 0) err.line(`virtagent: the agent cut the command's ${cut.join(' and ')} off: only the beginning is here`);
  return exitStatusOf(status);
}

function shown(status: CommandStatus): object {
  const { exitCode, signal, outTruncated, errTruncated } = status;
  const outputs = { ...shownOutput('out', status.out), ...shownOutput('err', status.err) };
  return { status: exitStatusOf(status), exitCode, signal, ...outputs, outTruncated, errTruncated };
}

/** As text where it is text. */
function shownOutput(name: string, bytes: Buffer): object {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? { [name]: text } : { [`${name}Base64`]: bytes.toString('base64') };
}

/** A command that is no longer waited for. */
function given(code: 'CANCELLED' | 'TIMEOUT', text: string, known: Known): VirtagentError {
  return new VirtagentError(code, text, { known, method: 'guest-exec' });
}

/** An error after the command was started: its answer may be lost with the line. */
function withPid(error: unknown, pid: number | undefined): unknown {
  return error instanceof VirtagentError && pid !== undefined ? new CommandFailure(pid, error) : error;
}

function execOptions(raw: RawExecOptions): ExecOptions {
  const line = lineOptions({ ...raw, quiet: true }, hostProtocols);
  if (line.protocol !== 'qemu-ga' && line.protocol !== 'auto') {
    invalidOption('--protocol', line.protocol, "qemu-ga or auto with exec: virtagent's own guest runs no commands for its host");
  }
  for (const option of sessionOptions(raw))
    throw new VirtagentError('INVALID_OPTION', `${option} is of virtagent-2, which QEMU's guest agent does not speak`);
  if (raw.stream === true && raw.json === true) invalidOption('--stream', 'given', 'no --json, whose object has all of the output');
  return {
    line,
    env: (raw.env ?? []).map(envOption),
    timeoutMs: secondsOption('--timeout', raw.timeout),
    isStreamed: raw.stream === true,
    isJson: raw.json === true,
  };
}

function envOption(text: string): string {
  return /^[^=\0]+=[^\0]*$/.test(text) ? text : invalidOption('--env', text, 'NAME=VALUE');
}

/** Resolves to whether somebody may have read it. */
async function write(stream: NodeJS.WriteStream, bytes: Buffer): Promise<boolean> {
  if (bytes.length === 0) return true;
  if (stream.destroyed) return false;
  const error = await new Promise<Error | null | undefined>((resolve) => void stream.write(bytes, resolve));
  if (error && !hasLeft(stream, error)) notWritten(stream === process.stdout ? 'standard output' : 'standard error', reasonOf(error));
  return !error;
}
