import type { Duplex } from 'node:stream';
import { memoryPair, type Channel } from '../../transport/index.ts';

/** A line that can be cut, and comes back: each side's n-th open meets the other side's n-th. */
export function virtualLine(highWaterMark?: number): { left: Channel; right: Channel; cut: () => void; lines: () => number } {
  const pairs: [Duplex, Duplex][] = [];
  const pairAt = (at: number): [Duplex, Duplex] => (pairs[at] ??= memoryPair(highWaterMark === undefined ? {} : { highWaterMark }));
  const side = (which: 0 | 1): Channel => {
    let opens = 0;
    return {
      name: which === 0 ? 'left' : 'right',
      reopens: true,
      open: async () => pairAt(opens++)[which],
      close: async () => {},
    };
  };
  return {
    left: side(0),
    right: side(1),
    cut: () => {
      for (const stream of pairs.at(-1) ?? []) stream.destroy();
    },
    lines: () => pairs.length,
  };
}
