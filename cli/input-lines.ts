import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { invalidOption } from '../transport/errors.ts';
import { chunksOf } from './standard-input.ts';

/** More than any message may have. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/**
 * The lines of an input, until it ends or `until` is aborted. It is read on only when its next line is asked for, so however long
 * it is, little of it is held.
 */
export async function* linesOf(input: Readable, until: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun: string[] = [];
  let length = 0;
  try {
    for await (const chunk of chunksOf(input, until)) {
      const [first = '', ...others] = decoder.write(chunk).split('\n');
      begun.push(first);
      length += first.length;
      if (length > MOST_CHARACTERS) invalidOption('a line', `${length} characters`, `at most ${MOST_CHARACTERS} characters`);
      const last = others.pop();
      if (last === undefined) continue;
      yield begun.join('');
      yield* others;
      begun = [last];
      length = last.length;
    }
  } catch (error) {
    if (!until.aborted) throw error;
    return;
  }
  if (length > 0) yield begun.join('');
}
