/** The codes of what goes wrong here, beside those of the library: docs/errors.md shows the same table. */
export const localFailures = Object.freeze({
  INPUT_FAILED: {
    meaning: 'Standard input, or a file here, can not be read, or changed while it was read.',
    remedy: 'Give one that can be read: the message names it, and the reason of the system.',
  },
  OUTPUT_FAILED: {
    meaning: 'Standard output, or a file here, can not be written.',
    remedy: 'Make room, or name another place.',
  },
} as const);

type LocalCode = keyof typeof localFailures;

/** What went wrong with a file, an input or an output here, in the middle of the work: neither the line's fault nor a bug. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
  readonly code: LocalCode;
  /** What to do about it. */
  readonly remedy: string;

  constructor(code: LocalCode, message: string, remedy: string = localFailures[code].remedy) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** `what` can not be read, and why: a reason of the system, where there is one. */
export function notRead(what: string, why: string, remedy?: string): never {
  throw new LocalFailure('INPUT_FAILED', `${what} can not be read (${why})`, remedy);
}

/** `what` can not be written, and why. */
export function notWritten(what: string, why: string, remedy?: string): never {
  throw new LocalFailure('OUTPUT_FAILED', `${what} can not be written (${why})`, remedy);
}
