import type { Interface } from 'node:readline';
import { explain } from './call.ts';
import type { Context } from './context.ts';
import { exitNameOf, signalExits, type ExitName } from './exit-codes.ts';
import { consoleHelp, parseCommand, type HostCommand } from './host-command.ts';
import { JobLog, type SeenJob } from './job-log.ts';
import type { LineOptions } from './line-options.ts';
import { reportError } from './report-error.ts';
import { endError, type Session } from './session.ts';
import { jsonLine } from './text.ts';

/** Jobs that `.jobs` tells of. */
const KEPT_JOBS = 20;

/** Runs the host's commands in order: results on standard output, errors on standard error. */
export class HostConsole {
  /** What the first failure leads to. */
  exit: ExitName = 'ok';
  /** A person types: failures of single calls are not the session's, and `.jobs` does not wait for a call to end. */
  isTerminal = false;
  onQuit: () => void = () => {};
  readonly #session: Session;
  readonly #line: LineOptions;
  readonly #timeoutMs: number;
  readonly #context: Context;
  readonly #jobs: JobLog;
  readonly #background = new Set<Promise<void>>();
  #last: Promise<void> = Promise.resolve();
  #over: { readonly reason: unknown } | undefined;

  constructor(session: Session, line: LineOptions, timeoutMs: number, context: Context) {
    this.#session = session;
    this.#line = line;
    this.#timeoutMs = timeoutMs;
    this.#context = context;
    this.#jobs = new JobLog(session.peer, KEPT_JOBS);
    void session.ended().then((reason) => (this.#over = { reason }));
  }

  /** Runs lines until they are closed; resolves when all that they began has ended. */
  async runAll(lines: Interface): Promise<void> {
    const closed = new Promise<void>((resolve) => void lines.once('close', resolve));
    lines.on('line', (line) => this.#take(line, lines));
    await closed;
    await this.#last;
    await Promise.all(this.#background);
  }

  /** Runs commands, in order, until all are run or there is no line any more. */
  async runList(commands: readonly HostCommand[]): Promise<void> {
    for (const command of commands) {
      await this.run(command);
      if (this.#over !== undefined) break;
    }
    await Promise.all(this.#background);
  }

  /** Runs one command. Never rejects: failures are reported, and the first decides the exit code. */
  async run(command: HostCommand): Promise<void> {
    if (command.type !== 'call') return this.#show(command.type);
    const call = this.#call(command.method, command.params);
    if (command.waits) return call;
    this.#background.add(call);
    void call.then(() => this.#background.delete(call));
  }

  /** Reports a failure that ends the session. */
  fail(error: unknown): void {
    reportError(error, this.#context.err, this.#line.log.json);
    if (this.exit === 'ok') this.exit = exitNameOf(error);
  }

  #take(line: string, lines: Interface): void {
    let command: HostCommand;
    try {
      command = parseCommand(line);
    } catch (error) {
      this.#failOne(error);
      return this.#prompt(lines);
    }
    if (command.type !== 'call' && this.isTerminal) {
      this.#show(command.type);
      return this.#prompt(lines);
    }
    this.#last = this.#last.then(() => this.run(command));
    return this.#prompt(lines);
  }

  #prompt(lines: Interface): void {
    if (this.isTerminal) lines.prompt();
  }

  async #call(method: string, params: unknown): Promise<void> {
    const { signal } = this.#context.stopping;
    if (this.#over !== undefined) return this.#failOne(endError(this.#over.reason));
    try {
      const result = await this.#session.peer.call(method, params, { timeoutMs: this.#timeoutMs, signal });
      this.#print(result);
    } catch (error) {
      this.#failOne(explain(error, this.#session));
    }
  }

  #show(type: Exclude<HostCommand['type'], 'call'>): void {
    if (type === 'jobs') this.#print(this.#jobs.jobs.map(shown));
    else if (type === 'slots') this.#print(this.#session.peer.slots);
    else if (type === 'help') this.#context.err.line(consoleHelp);
    else if (type === 'quit') this.onQuit();
  }

  #print(value: unknown): void {
    // On stdio, stdout is the line.
    const { out, err } = this.#context;
    (this.#line.channelName === 'stdio' ? err : out).line(jsonLine(value));
  }

  #failOne(error: unknown): void {
    reportError(error, this.#context.err, this.#line.log.json);
    const { name } = this.#context.stopping;
    const exit = exitNameOf(error);
    if (this.exit === 'ok' && !this.isTerminal) this.exit = exit === 'interrupted' && name !== undefined ? signalExits[name] : exit;
  }
}

function shown({ seq, kind, tag, method, states, tookMs }: SeenJob): object {
  return { seq, kind, tag, method, states, tookMs: tookMs === undefined ? undefined : Math.round(tookMs * 10) / 10 };
}
