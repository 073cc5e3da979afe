import { VirtagentError } from '../actors/index.ts';
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

/** Calls that lines may leave behind: the next line waits for the oldest of them. */
const MOST_BACKGROUND = 100;

/** Runs the host's commands in order: results on standard output, errors on standard error. */
export class HostConsole {
  /** What the first failure leads to. */
  exit: ExitName = 'ok';
  /** A person types: failures of single calls are not the session's, and `.jobs` does not wait for a call to end. */
  isTerminal = false;
  readonly #session: Session;
  readonly #line: LineOptions;
  readonly #timeoutMs: number;
  readonly #context: Context;
  readonly #jobs: JobLog;
  readonly #background = new Set<Promise<void>>();
  readonly #over = new AbortController();
  /** The last command of a terminal, where the next can be typed while one runs. */
  #last: Promise<void> = Promise.resolve();

  constructor(session: Session, line: LineOptions, timeoutMs: number, context: Context) {
    this.#session = session;
    this.#line = line;
    this.#timeoutMs = timeoutMs;
    this.#context = context;
    this.#jobs = new JobLog(session.peer, KEPT_JOBS);
    void session.ended().then(() => this.quit());
    context.stopping.signal.addEventListener('abort', () => this.quit(), { once: true });
  }

  /** Aborted when nothing more is begun: a signal, `.quit`, the end of the link, or nobody who reads the results. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Begins nothing more. What runs goes on. */
  quit(): void {
    this.#over.abort();
  }

  /** Runs lines until they end, or nothing more is begun; resolves when all that they began has ended. */
  async runAll(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (this.#isOver) break;
      await this.#take(line);
    }
    await this.#last;
    await Promise.all(this.#background);
    if (this.#hasEnded) this.#fail(explain(endError(await this.#session.ended()), this.#session));
  }

  /** Runs commands, in order, until all are run or nothing more is begun. */
  async runList(commands: readonly HostCommand[]): Promise<void> {
    for (const command of commands) {
      await this.run(command);
      if (this.#isOver) break;
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
    if (this.#background.size >= MOST_BACKGROUND) await [...this.#background][0];
  }

  get #hasEnded(): boolean {
    // Known before those are told who wait for it.
    return this.#session.peer.link === 'ended';
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted || this.#hasEnded;
  }

  /** Reports a failure that ends the session. */
  #fail(error: unknown): void {
    reportError(error, this.#context.err, this.#line.log.json);
    if (this.exit === 'ok') this.exit = exitNameOf(error);
  }

  /** Resolves when the next line may come. */
  async #take(line: string): Promise<void> {
    let command: HostCommand;
    try {
      command = parseCommand(line);
    } catch (error) {
      return this.#failOne(error);
    }
    if (!this.isTerminal) {
      await this.run(command);
      return this.#context.out.drained(this.over);
    }
    if (command.type !== 'call') return this.#show(command.type);
    // What was typed before `.quit` is still run.
    const { signal } = this.#context.stopping;
    this.#last = this.#last.then(async () => (signal.aborted || this.#hasEnded ? undefined : this.run(command)));
  }

  async #call(method: string, params: unknown): Promise<void> {
    const { signal } = this.#context.stopping;
    if (this.#hasEnded) return this.#failOne(notMade(method, await this.#session.ended()));
    try {
      const result = await this.#session.call(method, params, { timeoutMs: this.#timeoutMs, signal });
      this.#print(result);
    } catch (error) {
      this.#failOne(explain(error, this.#session));
    }
  }

  #show(type: Exclude<HostCommand['type'], 'call'>): void {
    if (type === 'jobs') this.#print(this.#jobs.jobs.map(shown));
    else if (type === 'slots') this.#print(this.#session.peer.slots);
    else if (type === 'help') this.#help();
    else if (type === 'quit') this.quit();
  }

  #help(): void {
    if (!this.#line.log.json) return this.#context.err.line(consoleHelp);
    this.#session.log.always('info', 'help', 'what the console takes', { commands: consoleHelp.split('\n') });
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

/** A call for which there is no line any more. */
function notMade(method: string, reason: unknown): VirtagentError {
  const { code, message, data } = endError(reason);
  return new VirtagentError(code, `${method}: ${message}`, { known: 'not-sent', method, data, cause: reason });
}

function shown({ seq, kind, tag, method, states, tookMs }: SeenJob): object {
  return { seq, kind, tag, method, states, tookMs: tookMs === undefined ? undefined : Math.round(tookMs * 10) / 10 };
}
