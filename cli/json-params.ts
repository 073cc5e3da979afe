import { invalidOption, quote, VirtagentError } from '../transport/errors.ts';
import { chunksOf, standardInput } from './standard-input.ts';

/** More than any message may have. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * A call's parameters from the text that a user gave; INVALID_OPTION says what is wrong with it. Nothing where there should be
 * some is a mistake, such as a variable of a shell that is not set: it is not taken for a call without parameters.
 *
 * @param name - what the user gave it as.
 */
export function parseParams(text: string | undefined, name = 'JSON'): unknown {
  if (text === undefined) return undefined;
  if (text.trim() === '') invalidOption(name, text, 'a JSON value; a call without parameters is made without it');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new VirtagentError('INVALID_OPTION', `${name} is ${quote(text)}; it takes a JSON value: ${(error as Error).message}`);
  }
}

/** What the parameters are called that come on standard input. */
export const inputName = 'JSON on standard input';

/** Standard input to its end: for parameters that the list of processes is not to show. */
export async function readInput(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(standardInput(), signal)) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) invalidOption(inputName, `${bytes} bytes`, `at most ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
