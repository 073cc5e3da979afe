/** What went wrong with a file, an input or an output here, in the middle of the work: neither the line's fault nor a bug. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
  readonly code: 'OUTPUT_FAILED' | 'INPUT_FAILED';
  /** What to do about it. */
  readonly remedy: string;

  constructor(code: 'OUTPUT_FAILED' | 'INPUT_FAILED', message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}
