import { RemoteProtocolError } from '../../transport/errors.ts';
import { FrameReader } from '../../transport/codecs/virtagent-2-frames.ts';
import { protocolByName, type ProtocolName } from '../../transport/index.ts';

/** Which question those bytes are, if they are one. */
export function probeBytes(bytes: Buffer): ProtocolName | undefined {
  for (const one of new FrameReader(1024).push(bytes))
    if (!(one instanceof RemoteProtocolError) && one.kind === 'hello') return 'virtagent-2';
  const { createCodec, limits } = protocolByName('virtagent-v7');
  const [request] = createCodec(limits).push(bytes);
  if (!(request instanceof RemoteProtocolError) && request?.type === 'request' && request.method === 'capabilities') return 'virtagent-v7';
  return /^\xff\{"execute":"guest-sync-delimited","arguments":\{"id":\d+\}\}\n$/.test(bytes.toString('latin1')) ? 'qemu-ga' : undefined;
}

/** Whether nothing of what was said to who speaks `name` is of another protocol. */
export function notAsked(bytes: Buffer, name: ProtocolName): boolean {
  const text = bytes.toString('latin1');
  const marks = { 'virtagent-2': '\xff\x10', 'virtagent-v7': 'POST /RPC2', 'qemu-ga': 'guest-sync-delimited' };
  return Object.entries(marks).every(([of, mark]) => of === name || !text.includes(mark));
}
