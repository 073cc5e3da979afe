import type { WireError } from '../messages.ts';
import { cutText, isObject } from './json.ts';

/**
 * What QEMU's generated code says of arguments, before it calls the command: so nothing was executed. What a command says of a
 * value (`Invalid parameter 'pid'`, `handle '7' has not been found`) is its own error, and nobody knows what it did before.
 */
const ofArguments = /^(Parameter '.{0,256}' (is missing|is unexpected|does not accept value .*)|Invalid parameter type for '.*)$/s;

/** The member `error` of an answer. The agent has two classes: CommandNotFound, which disabled ones have too, and GenericError. */
export function readError(error: unknown): WireError {
  if (!isObject(error) || typeof error['class'] !== 'string' || typeof error['desc'] !== 'string')
    return { code: 'INVALID_RESPONSE', message: 'The error of the answer has no class and no desc' };
  const name = cutText(error['class']);
  const message = cutText(error['desc']);
  return { code: codeOf(name, message), message, data: { class: name, desc: message } };
}

function codeOf(name: string, message: string): WireError['code'] {
  if (name === 'CommandNotFound') return 'METHOD_NOT_FOUND';
  return ofArguments.test(message) ? 'INVALID_PARAMS' : 'REMOTE_ERROR';
}

/** Whether an error says that the agent is one of before QEMU 4.0, which takes no `id`. */
export function refusesIds({ message }: WireError): boolean {
  return /\bmember 'id' is unexpected/.test(message);
}

/** Whether an error is the parser's, of what reached it, and not of a command. */
export function isOfParser({ message }: WireError): boolean {
  return /^(JSON |QMP input |Invalid JSON)/.test(message);
}
