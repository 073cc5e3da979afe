import type { Duplex } from 'node:stream';
import { lineEchoes } from '../transport/codecs/damage.ts';
import { quote } from '../transport/errors.ts';
import type { ProtocolName } from '../transport/protocols.ts';

/** Bytes that tell a protocol from others: the longest first words of one, after some noise. */
const MOST_BYTES = 256;

/** What the other end said first on a line: it tells which protocol it speaks when it is not ours. */
export class FirstBytes {
  #bytes: Buffer = Buffer.alloc(0);

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Looks on while a line is read; what it reads, and when, stays as it is. */
  watch(line: Duplex): Duplex {
    this.#bytes = Buffer.alloc(0);
    const push = line.push.bind(line);
    line.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (this.#bytes.length < MOST_BYTES && Buffer.isBuffer(chunk)) {
        this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, MOST_BYTES - this.#bytes.length)]);
      }
      return push(chunk, encoding);
    };
    return line;
  }
}

/** What each protocol looks like, by what it alone begins with. The first that fits counts. */
const looks: Readonly<Record<ProtocolName | 'qmp', RegExp>> = {
  qmp: /^\s*\{\s*"QMP"\s*:/,
  // A HELLO, of any version. Its length is of bytes below 0x80.
  // oxlint-disable-next-line no-control-regex -- exactly those
  'virtagent-2': /\xff\x10[\x00-\x7f]{3}/,
  'virtagent-v7': /\xff(?:POST \/RPC2|HTTP\/1\.1 200)/,
  'jsonrpc-headers': /(?:^|\n)Content-Length: *\d+\r\n(?:[^\r\n]+\r\n)*\r\n?/i,
  'jsonrpc-lines': /(?:^|\n)\s*\{(?=.{0,200}"jsonrpc"\s*:)/,
  'qemu-ga': /(?:^|\n|\xff)\s*\{\s*"(?:return|error|id)"\s*:/,
};

/** The protocol that those bytes are of, as far as they tell: one of ours, or QEMU's monitor. */
export function protocolOf(bytes: Buffer): ProtocolName | 'qmp' | undefined {
  const text = bytes.toString('latin1');
  return (Object.keys(looks) as (keyof typeof looks)[]).find((name) => looks[name].test(text));
}

/** QEMU leaves a second program connected and unheard: but on a `qemu-chardev` nothing tells it from an agent that is silent. */
const nothingCameBack = 'Nothing came back: does an agent run at the other end, and no other program hold the line?';

/** What a user is shown of it. */
function seen(bytes: Buffer): string {
  return quote(bytes.toString('latin1'), 60);
}

/** Why nobody answers on a line that gives back what this side says. */
export function echoHint(bytes: Buffer): string {
  return `${lineEchoes.message}, as a login prompt or another terminal does: ${seen(bytes)}`;
}

/**
 * Why a peer of that protocol may have had no answer, from what the other end said first; undefined where that is no reason.
 *
 * @param bytes - none: it said nothing.
 */
export function silenceHint(bytes: Buffer, protocol: ProtocolName | 'auto'): string | undefined {
  if (bytes.length === 0) return nothingCameBack;
  const found = protocolOf(bytes);
  if (found === 'qmp') return "what came back is of QEMU's monitor (QMP): the line to a guest is another socket";
  if (protocol === 'auto' && found === undefined)
    // Nobody's words: a login prompt, a boot log, a wrong baud rate.
    return `what came back is of none of the protocols: ${seen(bytes)}; on a serial line compare the baud rates`;
  if (found === protocol || protocol === 'auto') return `what came back looks like ${found}, and answers nothing: ${seen(bytes)}`;
  if (found !== undefined) return `what came back looks like ${found}: try --protocol ${found}`;
  return `what came back is not ${protocol}: compare --protocol, and on a serial line the baud rate, with the other end`;
}
