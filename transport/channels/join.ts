import { Duplex, type Readable, type Writable } from 'node:stream';

/** What to do with the two streams of a joined line. */
export interface Joined {
  /** The line was destroyed. */
  readonly letGo: () => void;
  /** A write failed: calls `fail` when the line is to learn of it. At once unless told. */
  readonly writeFailed?: (fail: () => void) => void;
}

/**
 * One line of two streams: what comes from `from`, and what goes to `to`, with the back-pressure of each. The
 * end of `from` ends the reading side only. The caller has to listen for errors of the two.
 */
export function joinStreams(from: Readable, to: Writable, { letGo, writeFailed = (fail) => fail() }: Joined): Duplex {
  const written = (done: (error?: Error | null) => void) => (error?: Error | null) => {
    if (error) writeFailed(() => done(error));
    else done();
  };
  const line = new Duplex({
    read: () => void from.resume(),
    write(chunk, _encoding, done) {
      let isTold = false;
      to.write(chunk, (error) => {
        if (!isTold) written(done)(error);
      });
      // It is with the system already, though `to` says so a tick later: what follows in this turn need not wait, or be lost
      // when the process exits.
      isTold = to.writableLength === 0 && to.errored === null && !to.destroyed;
      if (isTold) done();
    },
    writev(chunks, done) {
      to.cork();
      for (const { chunk } of chunks.slice(0, -1)) to.write(chunk);
      to.write(chunks.at(-1)?.chunk, written(done));
      to.uncork();
    },
    // There is nothing left to say by then, so it does not matter if it can't be ended properly.
    final: (done) => (to.destroyed ? done() : void to.end(() => done())),
    destroy(error, done) {
      letGo();
      done(error);
    },
  });
  let ended = false;
  const end = (): void => {
    if (!ended) line.push(null);
    ended = true;
  };
  // First, for a 'data' listener would start a stream that was never paused.
  from.pause();
  from.on('data', (chunk: Buffer) => {
    if (!line.push(chunk) && !line.destroyed) from.pause();
  });
  from.once('end', end);
  from.once('close', end);
  return line;
}
