/** The last lines of a text, as many as fit. */
export class Tail {
  /** Whether lines were let go. */
  isCut = false;
  readonly #most: number;
  #lines: string[] = [];
  #from = 0;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
    while (this.#bytes > this.#most) {
      this.#bytes -= sizeOf(this.#lines[this.#from++] as string);
      this.isCut = true;
    }
    // What was let go is really let go of once it is half of what is held.
    if (this.#from > 1024 && this.#from * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#from);
      this.#from = 0;
    }
  }

  /** The lines, each with its line break. */
  get text(): string {
    return this.#lines
      .slice(this.#from)
      .map((line) => `${line}\n`)
      .join('');
  }
}

function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
