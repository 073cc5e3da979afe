/** The command's own codes, beside those of the library. docs/errors.md is made from it. */
export const commandErrors = Object.freeze({
  INPUT_FAILED: {
    meaning: 'Standard input, or a file here, can not be read; the message names it, and why.',
    remedy: 'Give one that can be read.',
  },
  OUTPUT_FAILED: {
    meaning: 'Standard output, or a file here, can not be written; the message names it, and why.',
    remedy: 'Make room, or name another place.',
  },
  INTERNAL: {
    meaning: 'An error in virtagent itself: the only one that prints a stack.',
    remedy: 'This is an error in virtagent: please report it, with what you ran.',
  },
} as const);

type LocalCode = Exclude<keyof typeof commandErrors, 'INTERNAL'>;

/** What went wrong with a file, an input or an output here, in the middle of the work: neither the line's fault nor a bug. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
  readonly code: LocalCode;
  /** What to do about it. */
  readonly remedy: string;

  constructor(code: LocalCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** `what` can not be read, and why: the system's name for it, where it has one. */
export function notRead(what: string, why: string, remedy: string = commandErrors.INPUT_FAILED.remedy): never {
  throw new LocalFailure('INPUT_FAILED', `${what} can not be read (${why})`, remedy);
}

/** `what` can not be written, and why, as an error. */
export function outputFailure(what: string, why: string): LocalFailure {
  return new LocalFailure('OUTPUT_FAILED', `${what} can not be written (${why})`, commandErrors.OUTPUT_FAILED.remedy);
}

/** The same, thrown. */
export function notWritten(what: string, why: string): never {
  throw outputFailure(what, why);
}
