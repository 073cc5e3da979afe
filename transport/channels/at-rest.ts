import type { Duplex } from 'node:stream';

function ignore(): void {}

/**
 * A stream as every channel hands it out: at rest until a 'data' listener, `resume()`, `pipe()` or an iterator
 * starts it, and unable to bring the process down by an error that comes before anyone listens for one. Later
 * listeners still hear errors, and `errored` keeps the first.
 */
export function atRest<Stream extends Duplex>(stream: Stream): Stream {
  stream.on('error', ignore);
  // Paused, so that a socket does not start to read when it connects: bytes stay with the kernel, and an early
  // end is not announced to nobody.
  stream.pause();
  // pause() alone would also keep a later 'data' listener from starting the flow; null is a fresh stream's state.
  Reflect.set(stream, 'readableFlowing', null);
  return stream;
}
