import type { Probe } from '../../machines/detect.ts';
import { QemuGaCodec } from '../codecs/qemu-ga.ts';
import { encodeHello } from '../codecs/virtagent-2-frames.ts';
import { VirtagentV7Codec } from '../codecs/virtagent-v7.ts';
import { protocolByName, type ProtocolName } from '../protocols.ts';

/** What begins a tag of a question: its answer is not for the peer, and the peer's own tags do not begin so. */
const probeTag = 'detect.';

const typed = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const lettersAndDigits: ReadonlySet<number> = new Set(Buffer.from(typed));

/** How often a HELLO is drawn until nothing in it acts: about one in three hundred is such a one. */
const MOST_DRAWN = 8_000;

/** Six letters and digits, in hexadecimal, of 48 random bits. */
export function probeNonce(drawn: () => string): string {
  const bytes = Buffer.from(drawn().padStart(12, '0'), 'hex');
  return Buffer.from(bytes.map((byte) => typed.charCodeAt(byte % typed.length))).toString('hex');
}

/**
 * Of a session that will not be: its answer tells all that is to be known. A shell takes some characters for the end of a line, and runs
 * what is on it: so all in it is letters and digits that need not be something else, its checksum too.
 */
function helloProbe(drawn: () => string, line: string): Uint8Array {
  for (let tries = 1; ; tries++) {
    const half = probeNonce(drawn);
    const hello = encodeHello({ version: 2, reliable: false, line, seen: '', half, other: '', got: 0, sent: 0, clock: 0 });
    const checksum = hello.subarray(hello.length - 5, hello.length - 1);
    if (tries === MOST_DRAWN || checksum.every((byte) => lettersAndDigits.has(byte))) return hello;
  }
}

/**
 * The bytes of a question. None of them does anything to an agent of another protocol: each begins with 0xFF, at which every
 * one but those of JSON-RPC begins anew; none of them is a request in the other's protocol.
 *
 * @param drawn - 48 random bits, in hexadecimal.
 * @param line - see {@link probeNonce}: by it a HELLO that comes back is known.
 */
export function probeBytes(protocol: Probe, drawn: () => string, line = probeNonce(drawn)): Uint8Array {
  switch (protocol) {
    case 'virtagent-2':
      return helloProbe(drawn, line);
    case 'virtagent-v7':
      return new VirtagentV7Codec(protocolByName('virtagent-v7').limits).encode({
        type: 'request',
        tag: `${probeTag}${drawn()}`,
        method: 'capabilities',
        params: undefined,
      });
    case 'qemu-ga':
      return new QemuGaCodec(protocolByName('qemu-ga').limits).sync(Number.parseInt(drawn(), 16), true);
  }
}

/** Whether a response is to a question: it has said what it was for. A request is one that a line which echoes gives back. */
export function isOfProbe(tag: unknown): boolean {
  return typeof tag === 'string' && tag.startsWith(probeTag);
}

/**
 * What goes before the first message to who speaks that, if questions were asked: the last of them may lie in its decoder as the
 * beginning of a line. All others begin anew at the 0xFF that their first message begins with.
 */
export function cleanLine(protocol: ProtocolName): Uint8Array | undefined {
  return protocol === 'jsonrpc-lines' || protocol === 'jsonrpc-headers' ? Buffer.from('\r\n') : undefined;
}
