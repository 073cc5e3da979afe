import { quote, VirtagentError } from '../transport/errors.ts';
import { parseParams } from './json-params.ts';

/** What a line of the host's console, or an `--exec`, asks for. */
export type HostCommand =
  | { readonly type: 'call'; readonly method: string; readonly params: unknown; readonly waits: boolean }
  | { readonly type: 'jobs' | 'slots' | 'help' | 'quit' }
  | { readonly type: 'nothing' };

const dots = { '.jobs': 'jobs', '.slots': 'slots', '.help': 'help', '.quit': 'quit' } as const;

/** What `.help` says. */
export const consoleHelp = `METHOD [JSON]     call a method of the guest; its result is printed as JSON
METHOD [JSON] &   the same without waiting for it before the next line
.jobs             the last jobs of both directions, with the states that they went through
.slots            send and execute slots, and the queues
.help             this
.quit             end (so does the end of the input)`;

/** Reads a line. Throws INVALID_OPTION for one that is none of them. */
export function parseCommand(line: string): HostCommand {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return { type: 'nothing' };
  if (Object.hasOwn(dots, text)) return { type: dots[text as keyof typeof dots] };
  if (text.startsWith('.'))
    throw new VirtagentError('INVALID_OPTION', `the command is ${quote(text)}; it takes one of ${Object.keys(dots).join(', ')}`);
  const waits = !/\s&$/.test(text);
  const [, method = '', params] = /^(\S+)(?:\s+(.+))?$/s.exec(waits ? text : text.slice(0, -1).trimEnd()) ?? [];
  return { type: 'call', method, params: parseParams(params), waits };
}
