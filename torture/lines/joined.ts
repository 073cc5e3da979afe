import type { Duplex } from 'node:stream';
import { memoryPair } from '../../transport/index.ts';

/** What arrives of a chunk. */
export type Carry = (chunk: Buffer) => Buffer;

/** Two ends in memory, and something between them that sees every byte. */
export interface JoinedLine {
  readonly left: Duplex;
  readonly right: Duplex;
  /** Ends the line at both ends. */
  cut(): void;
}

/** A line whose bytes go through `toRight` and `toLeft`. */
export function joinedLine(toRight: Carry, toLeft: Carry): JoinedLine {
  const [left, near] = memoryPair();
  const [far, right] = memoryPair();
  const cut = (): void => {
    for (const end of [left, near, far, right]) end.destroy();
  };
  join(near, far, toRight);
  join(far, near, toLeft);
  return { left, right, cut };
}

function join(from: Duplex, to: Duplex, carry: Carry): void {
  from.on('data', (chunk: Buffer) => {
    const carried = carry(chunk);
    if (carried.length > 0 && !to.destroyed && !to.write(carried)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('error', () => {});
  from.on('close', () => to.destroy());
  from.on('end', () => to.end());
}
