import { constants, fstatSync, readFileSync, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { VirtagentError } from '../actors/index.ts';
import { reasonOf } from './errno.ts';
import { notRead } from './local-failure.ts';
import { aborted } from './stopping.ts';

const name = 'standard input';
const lineRemedy = 'Give both ends of the line: standard input and standard output.';
const remedy = 'Give a file or a pipe; < /dev/null is an empty one.';

/** Standard input, to be read. Throws INPUT_FAILED for what Node would give as an empty one, though it is none. */
export function standardInput(): Readable {
  checkInput();
  return process.stdin;
}

/** Throws for a standard input and output that are no line: INPUT_FAILED, or LINE_LOST where what is said would reach nobody. */
export function checkStdioLine(): void {
  checkInput();
  if (isClosed(1)) throw new VirtagentError('LINE_LOST', 'stdio: standard output is closed', { data: { remedy: lineRemedy } });
}

function checkInput(): void {
  const found = fstatSync(0);
  if (found.isDirectory()) notRead(name, 'EISDIR', remedy);
  if (found.isBlockDevice()) notRead(name, 'a block device', remedy);
  if (isClosed(0)) notRead(name, 'it is closed', remedy);
}

/** SIGHUP comes soon after the end of what a closed terminal gives to be read. */
const HANG_UP_MS = 1000;

/** Its bytes to its end. INPUT_FAILED where reading fails, CANCELLED when `signal` is aborted: neither is its end. */
export async function* chunksOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, input) as AsyncIterable<Buffer>;
    if (!hasHungUp(input)) return;
    await Promise.race([aborted(signal), pause(HANG_UP_MS)]);
    throw new Error('the end of a terminal that is gone is not the end of what was to be typed');
  } catch (error) {
    if (signal.aborted) throw new VirtagentError('CANCELLED', `${name} was not read to its end`, { known: 'not-sent' });
    notRead(name, hasHungUp(input) ? 'its terminal was closed' : reasonOf(error), remedy);
  }
}

/** For who reads keys: a terminal that is gone can neither be read nor be given its modes back, and a signal says that it is. */
export function ignoreLostTerminal(input: NodeJS.ReadStream): void {
  input.on('error', () => {});
}

/** It was a terminal, and the system knows none there any more. */
export function hasHungUp(input: Readable & { readonly isTTY?: boolean }): boolean {
  return input.isTTY === true && !isatty(0);
}

/** In its place Node has opened /dev/null, for reading and writing: a shell that gives us that opens it for one of them. */
function isClosed(descriptor: 0 | 1): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & constants.O_RDWR) !== 0 && fstatSync(descriptor).rdev === statSync('/dev/null').rdev;
  } catch {
    // Only Linux tells.
    return false;
  }
}
