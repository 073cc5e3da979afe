import { createInterface } from 'node:readline';
import type { Job, Manager } from '../../actors/manager.ts';
import { createManager } from '../../actors/manager-logic.ts';
import type { Execution, Sending } from '../../actors/kinds.ts';

/**
 * Drives the operations-level manager by a script (README.md beside this file): one command a line in, the operations
 * that the manager asks for out, and one line beginning with `#` after each command.
 */
export class Driver {
  readonly #print: (line: string) => void;
  #manager: Manager = Driver.#fresh();
  #jobs = new Map<string, Job>();
  #executions = new Map<string, Execution>();
  #sendings = new Map<string, Sending>();
  #armed = new Map<string, string[]>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  static #fresh(): Manager {
    return createManager({ sendSlots: 1, executeSlots: Infinity, maxBypass: Infinity, maxServerJobs: Infinity, maxClientJobs: Infinity });
  }

  /** Runs one line of a script, and says when all that it caused has happened. */
  line(text: string): void {
    const line = text.trim();
    if (line === '') return;
    this.#run(line);
    this.#print(`# ${line}: ${JSON.stringify(this.#manager.slots.send)} jobs ${this.#manager.jobs}`);
  }

  #run(line: string): void {
    const [command = '', tag = '', ...rest] = line.split(/\s+/);
    const argument = rest.join(' ');
    switch (command) {
      case 'on':
        return this.#arm(tag, argument);
      case 'reset':
        return this.#reset();
      case 'kick':
        return; // Nothing waits for a kick: every event leads to all that it allows.
      case 'server_add':
      case 'client_add':
        return this.#add(command === 'server_add' ? 'server' : 'client', tag);
      case 'server_execute_done':
        return this.#executions.get(tag)?.done({ ok: true, value: tag });
      case 'server_send_done':
      case 'client_send_done':
        return this.#sendings.get(tag)?.done({ ok: true });
      case 'client_read_done':
        return void this.#manager.readDone(tag, { ok: true, value: argument });
      case 'server_cancel':
      case 'client_cancel':
        return this.#jobs.get(tag)?.cancel();
      default:
        throw new Error(`unknown command: ${line}`);
    }
  }

  #reset(): void {
    this.#manager.ref.stop();
    this.#manager = Driver.#fresh();
    for (const map of [this.#jobs, this.#executions, this.#sendings, this.#armed]) map.clear();
  }

  /** `on KIND:TAG COMMAND`: COMMAND is run inside the next such operation. */
  #arm(operation: string, command: string): void {
    this.#armed.set(operation, [...(this.#armed.get(operation) ?? []), command]);
  }

  #fire(operation: string, tag: string): void {
    const commands = this.#armed.get(`${operation}:${tag}`);
    const command = commands?.shift();
    if (command !== undefined) this.#run(command);
  }

  #add(kind: 'server' | 'client', tag: string): void {
    const added = this.#manager.add(kind, {
      tag,
      operations: {
        execute: (execution) => {
          this.#executions.set(tag, execution);
          this.#print(`execute ${tag}`);
          this.#fire('execute', tag);
        },
        send: (sending) => {
          this.#sendings.set(tag, sending);
          this.#print(`send_${kind} ${tag}`);
          this.#fire(`send_${kind}`, tag);
        },
        callback: (outcome) => {
          const response = outcome.type === 'value' && outcome.value !== '' ? String(outcome.value) : 'NULL';
          this.#print(kind === 'server' ? `callback_server ${tag}` : `callback_client ${tag} ${response}`);
          this.#fire(`callback_${kind}`, tag);
        },
      },
    });
    if (added.ok) this.#jobs.set(tag, added.job);
  }
}

if (process.argv[1]?.endsWith('driver.ts')) {
  const lines: string[] = [];
  const driver = new Driver((line) => lines.push(line));
  for await (const line of createInterface({ input: process.stdin })) driver.line(line);
  process.stdout.write(lines.length === 0 ? '' : `${lines.join('\n')}\n`);
}
