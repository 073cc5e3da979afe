import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folder } from '../../channels/support.ts';

/** Who listens at the far end of the lines, or who opens them. */
export type End = 'listener' | 'caller';

/** Somebody in the middle of real unix sockets: what connects to `path` is passed on to `target`. */
export class Between {
  readonly path: string;
  readonly target: string;
  /** Lines that there have been. */
  lines = 0;
  /** After how many more each line is cut, in the middle of whatever that is. */
  readonly #cutsEvery: () => number;
  /** What becomes of what an end has said. */
  filter: (from: End, chunk: Buffer) => Buffer = (_, chunk) => chunk;
  readonly #open = new Set<Socket>();
  #isHeld = false;
  #isDown = false;
  #wake: (() => void)[] = [];

  private constructor(at: string, cutsEvery: () => number) {
    this.#cutsEvery = cutsEvery;
    this.path = join(at, 'between');
    this.target = join(at, 'target');
  }

  static async start(cutsEvery = () => Infinity): Promise<Between> {
    const between = new Between(folder(), cutsEvery);
    const server = createServer((caller) => between.#line(caller)).listen(between.path);
    onTestFinished(() => {
      server.close();
      between.cut();
    });
    await once(server, 'listening');
    return between;
  }

  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Cuts the line, and each that is tried until `up`. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  up(): void {
    this.#isDown = false;
  }

  /** Nothing is read from either end until `release`: what is said waits. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#open) socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#open) socket.resume();
  }

  /** Resolves with the next line. */
  async nextLine(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #line(caller: Socket): void {
    if (this.#isDown) return void caller.destroy();
    this.lines++;
    for (const wake of this.#wake.splice(0)) wake();
    const listener = connect(this.target);
    const line = { left: this.#cutsEvery() };
    this.#pass('caller', caller, listener, line);
    this.#pass('listener', listener, caller, line);
  }

  #pass(from: End, own: Socket, other: Socket, line: { left: number }): void {
    this.#open.add(own);
    own.on('error', () => {});
    own.on('close', () => {
      this.#open.delete(own);
      // What was said before the end gets there.
      other.destroySoon();
    });
    other.on('drain', () => {
      if (!this.#isHeld) own.resume();
    });
    own.on('data', (chunk: Buffer) => {
      const passed = this.filter(from, chunk).subarray(0, line.left);
      line.left -= passed.length;
      if (!other.write(passed)) own.pause();
      if (line.left === 0) own.destroy();
    });
    if (this.#isHeld) own.pause();
  }
}
