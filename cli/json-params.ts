import { addAbortSignal, type Readable } from 'node:stream';
import { invalidOption, quote, VirtagentError } from '../transport/errors.ts';

/** More than any message may have. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A call's parameters from the text that a user gave; INVALID_OPTION says what is wrong with it. */
export function parseParams(text: string | undefined): unknown {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new VirtagentError('INVALID_OPTION', `JSON is ${quote(text)}; it takes a JSON value: ${(error as Error).message}`);
  }
}

/** Standard input to its end: for parameters that the list of processes is not to show. */
export async function readInput(input: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, input) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) invalidOption('JSON on standard input', `${bytes} bytes`, `at most ${MOST_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw new VirtagentError('CANCELLED', 'the parameters were not read to their end', { known: 'not-sent' });
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}
