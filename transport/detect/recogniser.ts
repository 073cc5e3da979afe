import { FrameReader } from '../codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../errors.ts';
import { limitsFrom } from '../limits.ts';
import type { Codec, Decoded } from '../messages.ts';
import { protocolByName, type ProtocolName } from '../protocols.ts';
import { isOfProbe } from './probes.ts';

/** What is kept of what was read: the first message of the other side has to be within it. More than that is a boot log. */
const mostKept = 256 * 1024;

/** What a line turned out to carry. */
export type Recognised = { readonly protocol: ProtocolName } | { readonly what: string };

/** Which protocol alone begins like that: QEMU's monitor, which is taken for a guest's line by mistake. */
const monitor = /^\s*\{\s*"QMP"\s*:/;

/** Whether it is a message, and a whole one. */
function isSound(one: Decoded): boolean {
  // A question of ours that came back says nothing of the other side.
  if (one instanceof RemoteProtocolError || (one.type === 'request' && isOfProbe(one.tag))) return false;
  // What would be answered as no message, or is taken for the answer of a call, was not understood.
  return one.type !== 'rejected' && !(one.type === 'response' && !one.answer.ok && one.answer.error.code === 'INVALID_RESPONSE');
}

/**
 * Tells what the other side of a line speaks, by the first thing that is valid in one of the protocols: a frame with its checksum, a
 * request, a response. Every decoder hears all of it. What none of them takes, such as a boot log, is no reason for anything.
 */
export class Recogniser {
  readonly #frames = new FrameReader(1024);
  readonly #codecs: readonly (readonly [ProtocolName, Codec])[];
  readonly #ownLine: string | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;

  /** @param ownLine - what the HELLOs of this side say: they may come back. */
  constructor(ownLine?: string) {
    this.#ownLine = ownLine;
    // The order counts where one chunk holds what two of them take.
    const names = ['virtagent-v7', 'jsonrpc-headers', 'jsonrpc-lines', 'qemu-ga'] as const;
    this.#codecs = names.map((name) => {
      const protocol = protocolByName(name);
      return [name, protocol.createCodec(limitsFrom(protocol.limits, { maxMessageBytes: mostKept }))] as const;
    });
  }

  /** The last of what was read: what the winner's codec is to read again. */
  get read(): Buffer {
    return Buffer.concat(this.#kept, this.#keptBytes);
  }

  push(chunk: Uint8Array): Recognised | undefined {
    this.#keep(chunk);
    // All decoders are to hear all of it, whoever is first.
    const isV2 = this.#hearsFrame(chunk);
    const heard = this.#codecs.filter(([, codec]) => codec.push(chunk).some(isSound));
    if (isV2) return { protocol: 'virtagent-2' };
    if (heard[0] !== undefined) return { protocol: heard[0][0] };
    return this.#isMonitor() ? { what: "QEMU's monitor (QMP): the line to a guest is another socket" } : undefined;
  }

  /**
   * Without a session only HELLO and BYE pass their check; also a HELLO of another version, and the BYE of who does not speak this
   * one: errors that its session tells.
   */
  #hearsFrame(chunk: Uint8Array): boolean {
    return this.#frames
      .push(chunk)
      .some((one) => !(one instanceof RemoteProtocolError) && !(one.kind === 'hello' && one.line === this.#ownLine));
  }

  #isMonitor(): boolean {
    const [first] = this.#kept;
    return first !== undefined && monitor.test(first.toString('latin1', 0, 64));
  }

  #keep(chunk: Uint8Array): void {
    this.#kept.push(Buffer.from(chunk));
    this.#keptBytes += chunk.length;
    for (let first = this.#kept[0]; first !== undefined && this.#keptBytes - first.length >= mostKept; first = this.#kept[0]) {
      this.#kept.shift();
      this.#keptBytes -= first.length;
    }
  }
}
