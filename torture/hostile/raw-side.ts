import type { Duplex } from 'node:stream';

/** An end of a line, for who says bytes by hand. */
export class RawSide {
  readonly line: Duplex;
  closed = false;
  readonly #watching = new Set<() => void>();
  #draining: Promise<void> | undefined;

  constructor(line: Duplex, reads: boolean) {
    this.line = line;
    line.on('error', () => {});
    line.on('close', () => {
      this.closed = true;
      this.look();
    });
    line.on('end', () => line.destroy());
    if (reads) this.listen();
  }

  /** Begins to read. */
  listen(): void {
    this.line.on('data', (chunk: Buffer) => {
      this.hear(chunk);
      this.look();
    });
  }

  hear(_chunk: Buffer): void {}

  /** Whether the line takes more; who waits for `drained` does not fill its own memory. */
  raw(bytes: Uint8Array): boolean {
    return this.closed || this.line.destroyed ? false : this.line.write(bytes);
  }

  /** All who wait for it wait for the same. */
  drained(): Promise<void> {
    if (this.closed || !this.line.writableNeedDrain) return new Promise((resolve) => setImmediate(resolve));
    this.#draining ??= new Promise((resolve) => {
      const over = (): void => {
        this.line.off('drain', over);
        this.line.off('close', over);
        this.#draining = undefined;
        resolve();
      };
      this.line.on('drain', over);
      this.line.on('close', over);
    });
    return this.#draining;
  }

  /** Resolves when that holds, or the line is closed. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds() && !this.closed) return;
        this.#watching.delete(look);
        resolve();
      };
      this.#watching.add(look);
      look();
    });
  }

  protected look(): void {
    for (const look of this.#watching) look();
  }
}
