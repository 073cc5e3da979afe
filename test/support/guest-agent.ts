import type { Duplex } from 'node:stream';

/** A command of the scripted agent: what it returns, or an error that it throws. */
type Command = (args: Record<string, unknown>) => unknown;

/** How a scripted agent is. */
export interface AgentOptions {
  readonly commands?: Readonly<Record<string, Command>>;
  /** Commands that it lists and refuses. */
  readonly disabled?: readonly string[];
  /** Commands that it answers only when they fail. */
  readonly silent?: readonly string[];
  /** Of before QEMU 4.0: it refuses the member `id`. */
  readonly old?: boolean;
}

/** An error with the class of the agent. */
export class AgentError extends Error {
  constructor(
    readonly errorClass: string,
    message: string,
  ) {
    super(message);
  }
}

interface Request {
  readonly execute: string;
  readonly arguments?: Record<string, unknown>;
  readonly id?: unknown;
}

/**
 * An agent that does what the real one was seen to do: it answers whatever object is complete, in order, and says one error for
 * what is none. What was begun before stays in its parser until a 0xFF.
 */
export class GuestAgent {
  /** Every command that reached it whole. */
  readonly executed: Request[] = [];
  /** While it hangs it reads on, as the line's buffers do, and answers nothing. */
  hangs = false;
  readonly #options: AgentOptions;
  #line: Duplex | undefined;
  #held = '';
  #waiting = '';

  constructor(options: AgentOptions = {}) {
    this.#options = options;
  }

  /** Serves the next host. */
  serve(line: Duplex): this {
    this.#line = line;
    line.on('error', () => {});
    line.on('data', (chunk: Buffer) => this.hear(chunk.toString('latin1')));
    return this;
  }

  /** Takes bytes as if they came from a host: a character each. */
  hear(text: string): void {
    this.#waiting += text;
    this.#work();
  }

  goOn(): void {
    this.hangs = false;
    this.#work();
  }

  /** The names of the commands that reached it, without those of the greeting. */
  get asked(): string[] {
    return this.executed.map(({ execute }) => execute).filter((name) => name !== 'guest-sync-delimited' && name !== 'guest-info');
  }

  count(name: string): number {
    return this.executed.filter(({ execute }) => execute === name).length;
  }

  /** Says bytes as they are: a character each. */
  say(text: string): void {
    this.#line?.write(Buffer.from(text, 'latin1'));
  }

  #work(): void {
    const text = this.#waiting;
    let at = 0;
    // A command may make it hang.
    while (at < text.length && !this.hangs) this.#take(text[at++] as string);
    this.#waiting = text.slice(at);
  }

  #take(one: string): void {
    if (one === '\xff') {
      this.#held = '';
      return this.#fail(new AgentError('GenericError', "JSON parse error, stray '\\uFFFD'"));
    }
    if (this.#held === '' && /\s/.test(one)) return;
    this.#held += one;
    if (!this.#held.startsWith('{')) {
      this.#held = '';
      return this.#fail(new AgentError('GenericError', `JSON parse error, stray '${one}'`));
    }
    if (one !== '}') return;
    let request: Request;
    try {
      request = JSON.parse(Buffer.from(this.#held, 'latin1').toString()) as Request;
    } catch {
      return;
    }
    this.#held = '';
    this.#execute(request);
  }

  #execute(request: Request): void {
    const { execute: name, id } = request;
    if (this.#options.old === true && id !== undefined)
      return this.#fail(new AgentError('GenericError', "QMP input member 'id' is unexpected"));
    this.executed.push(request);
    try {
      const value = this.#run(name, request.arguments ?? {});
      const mark = name === 'guest-sync-delimited' ? '\xff' : '';
      if (this.#options.silent?.includes(name) === true) return;
      this.say(`${mark}${latin1(JSON.stringify({ return: value, ...(id === undefined ? {} : { id }) }))}\n`);
    } catch (error) {
      this.#fail(error as AgentError, id);
    }
  }

  #run(name: string, args: Record<string, unknown>): unknown {
    if (name === 'guest-sync-delimited' || name === 'guest-sync') return args['id'];
    if (name === 'guest-info' && this.#options.commands?.['guest-info'] === undefined)
      return { version: '7.2.0', supported_commands: this.#list() };
    if (this.#options.disabled?.includes(name) === true) throw new AgentError('CommandNotFound', `Command ${name} has been disabled`);
    const command = name === 'guest-ping' ? (): unknown => ({}) : this.#options.commands?.[name];
    if (command === undefined) throw new AgentError('CommandNotFound', `The command ${name} has not been found`);
    return command(args);
  }

  #list(): unknown[] {
    const { commands = {}, disabled = [], silent = [] } = this.#options;
    const names = new Set(['guest-ping', 'guest-info', 'guest-sync', 'guest-sync-delimited', ...Object.keys(commands), ...disabled]);
    return [...names].map((name) => ({ name, enabled: !disabled.includes(name), 'success-response': !silent.includes(name) }));
  }

  #fail({ errorClass, message }: AgentError, id?: unknown): void {
    this.say(`${latin1(JSON.stringify({ ...(id === undefined ? {} : { id }), error: { class: errorClass, desc: message } }))}\n`);
  }
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
