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
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (error) {
    throw new VirtagentError('INVALID_OPTION', `${name} is ${quote(text)}; it takes a JSON value: ${(error as Error).message}`);
  }
  // Such a number would be sent as null.
  if (hasInfinity(value)) invalidOption(`a number of ${name}`, tooLarge(text), `at most ${Number.MAX_VALUE}, either way`);
  return value;
}

/** JSON has no infinity: one of JSON.parse's is a number that was too large. */
function hasInfinity(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'number' && !Number.isFinite(next)) return true;
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next) as unknown[]) left.push(inner);
  }
  return false;
}

/** The first such number, as it was given. */
function tooLarge(text: string): string | undefined {
  for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"|[-+.\deE]+/g))
    if (!token.startsWith('"') && Math.abs(Number(token)) === Infinity) return token;
  return undefined;
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
