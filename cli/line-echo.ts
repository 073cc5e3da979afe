import type { Duplex } from 'node:stream';

/** Of what was read the last is kept; of each of the last messages that were written its beginning, which has its tag or numbers of its own. */
const HEARD_BYTES = 4096;
const SAID_BYTES = 192;
const SAID_MESSAGES = 4;

/** Characters that are nobody's by chance. */
const FEWEST_CHARACTERS = 12;

/** A HELLO of virtagent-2 as a terminal shows it. Others of its bytes may have been keys to that terminal, such as Ctrl-C. */
const shownHello = /\xff\^P\^@\^@\)/;

/** Whether what this side says on a line comes back to it, as it was or as a terminal echoes it. */
export class LineEcho {
  #heard: Buffer = Buffer.alloc(0);
  #said: Buffer[] = [];

  /** Looks on while a line is read and written; what is done with it stays as it is. */
  watch(line: Duplex): Duplex {
    this.#heard = Buffer.alloc(0);
    this.#said = [];
    const push = line.push.bind(line);
    line.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (Buffer.isBuffer(chunk)) this.heard(chunk);
      return push(chunk, encoding);
    };
    const write = line.write.bind(line) as (...args: unknown[]) => boolean;
    line.write = (...args: unknown[]) => {
      if (args[0] instanceof Uint8Array) this.said(args[0]);
      return write(...args);
    };
    return line;
  }

  heard(bytes: Uint8Array): void {
    this.#heard = Buffer.concat([this.#heard, bytes.subarray(-HEARD_BYTES)]).subarray(-HEARD_BYTES);
  }

  said(bytes: Uint8Array): void {
    // Its memory may be used again.
    this.#said = [...this.#said.slice(1 - SAID_MESSAGES), Buffer.from(bytes.subarray(0, SAID_BYTES))];
  }

  /** Of the last messages one has come back: a line that echoed before its other end was set up does so no more. */
  get isHeard(): boolean {
    const heard = printed(this.#heard);
    return this.#said.some((said) => {
      const text = printed(said);
      return (
        (text.length >= FEWEST_CHARACTERS && heard.includes(text)) || (isHello(said) && shownHello.test(this.#heard.toString('latin1')))
      );
    });
  }
}

function isHello(said: Buffer): boolean {
  return said[0] === 0xff && said[1] === 0x10;
}

/** What a terminal leaves as it is: it shows control characters as `^X`, and makes others of the ends of lines. */
function printed(bytes: Buffer): string {
  // oxlint-disable-next-line no-control-regex -- exactly those
  return bytes.toString('latin1').replaceAll(/\^[?-_]|[\x00-\x1f\x7f]/g, '');
}
