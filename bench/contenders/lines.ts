/**
 * Framing for the contenders that leave it to their user: a JSON text a line.
 *
 * Decoded strings are split. Splitting buffers and decoding each line was tried, and made no difference that could be told
 * from noise, neither for short lines nor for those of 64 KiB.
 */
import type { Duplex } from 'node:stream';

/** Hands over every line, without its end. */
export function onLine(stream: Duplex, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      take(rest + chunk.slice(from, end));
      rest = '';
      from = end + 1;
    }
    rest += chunk.slice(from);
  });
}
