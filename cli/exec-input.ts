import { fstatSync } from 'node:fs';
import { VirtagentError } from '../actors/index.ts';
import type { Log } from './log.ts';
import { chunksOf, standardInput } from './standard-input.ts';

/** What a command may be given on its standard input: it travels in one message. */
const MOST_INPUT_BYTES = 8 * 1024 * 1024;

/** After this long of silence a user is told what is waited for. */
const INPUT_NOTICE_MS = 2000;

/** Standard input to its end, where there is one to be read: neither a terminal nor a device such as /dev/null. */
export async function readExecInput(log: Log, signal: AbortSignal): Promise<Buffer | undefined> {
  if (!isInputGiven()) return undefined;
  const input = standardInput();
  const notice = setTimeout(() => {
    log.info('input', 'waiting for the end of standard input, which the command is to have (--no-stdin does without)');
  }, INPUT_NOTICE_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(input, signal)) {
      bytes += chunk.length;
      if (bytes > MOST_INPUT_BYTES) {
        const message = `standard input has more than ${MOST_INPUT_BYTES} bytes; copy a file into the guest instead, and use --no-stdin`;
        throw new VirtagentError('INVALID_OPTION', message);
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(notice);
  }
  return Buffer.concat(chunks);
}

function isInputGiven(): boolean {
  try {
    return !process.stdin.isTTY && !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}
