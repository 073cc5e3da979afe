import { crc32 } from 'node:zlib';
import { encodeFrame, sessionSeed, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import type { DamageReason } from '../../transport/errors.ts';
import { v2Limits } from '../../transport/limits.ts';

/** A frame in JSON: bytes are hexadecimal digits, and what it does not have is left out. */
export interface FrameVector {
  readonly name: string;
  /** The halves of the session: the sender's and the receiver's. HELLO and BYE have none. */
  readonly from?: string;
  readonly to?: string;
  /** Whether the frame is only read: what is sent in its place has other bytes. */
  readonly readOnly?: true;
  readonly frame: Readonly<Record<string, unknown>>;
  /** All that is on the line, with the FLAGs. */
  readonly hex: string;
}

/** What is on a line and is no frame for who reads it. */
export interface DroppedVector {
  readonly name: string;
  /** The session of who reads: the sender's half and its own. */
  readonly from: string;
  readonly to: string;
  /** The sender's half of the session before, if the reader remembers it. */
  readonly before?: string;
  readonly hex: string;
  /** Why each piece between two FLAGs is dropped, in the words of docs/errors.md. */
  readonly reasons: readonly DamageReason[];
}

const from = 'fedcba987654';
const to = '0123456789ab';
const earlier = 'c0ffeec0ffee';
const seed = sessionSeed(from, to);

const hello = { kind: 'hello', version: 2, line: '1a2b3c4d5e6f', half: from } as const;
const whole = { kind: 'data', first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined } as const;
const part = { kind: 'data', first: false, last: false, bytes: false, drop: false, number: 7, total: undefined } as const;
const counts = { clock: 61_000, grantedRequests: 96, grantedBytes: 1_572_864, spentRequests: 70, spentBytes: 1_310_720 } as const;
const call = Buffer.from('{"id":"a.1","method":"ping"}');
const write = encodeMessage({ type: 'request', tag: 'a.2', method: 'write', params: { data: Buffer.from([0xff, 0, 0xfe]) } }, v2Limits);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const frames: readonly [string, Frame][] = [
  [
    'HELLO, the first on a line: nothing is known of the other side',
    { ...hello, reliable: false, seen: '', other: '', got: 0, sent: 0, clock: 0 },
  ],
  [
    'HELLO, agreed, of a reliable session that is resumed',
    { ...hello, reliable: true, seen: 'a1b2c3d4e5f6', other: to, got: 70_000, sent: 16_384, clock: 3_600_000 },
  ],
  [
    'HELLO with bytes that are escaped, and all digits at their highest',
    {
      ...hello,
      reliable: true,
      line: 'ffffffffffff',
      seen: 'fefefefefefe',
      half: 'ff00fe01fffe',
      other: '00fffe00ff01',
      got: 2 ** 35 - 1,
      sent: 2 ** 35 - 1,
      clock: 2 ** 35 - 1,
    },
  ],
  ['DATA, a message in one frame', { ...whole, seq: 0, payload: call }],
  ['DATA, the same with the highest seq', { ...whole, seq: 16_383, payload: call }],
  ['DATA, a message with a byte string', { ...whole, bytes: true, seq: 1, payload: write.payload }],
  [
    'DATA, the first piece of a message of 300,000 bytes',
    { ...part, first: true, seq: 2, total: 300_000, payload: Buffer.from('{"id":"a.3",') },
  ],
  ['DATA, a piece in the middle', { ...part, seq: 3, payload: Buffer.from('"method":') }],
  ['DATA, the last piece, of a message with byte strings', { ...part, last: true, bytes: true, seq: 4, payload: hex('00fe01ff02') }],
  ['DATA, DROP: the message is given up', { ...part, drop: true, seq: 5, payload: Buffer.alloc(0) }],
  [
    'DATA, a piece with the highest number and total',
    { ...part, first: true, seq: 16_383, number: 16_383, total: 2 ** 28 - 1, payload: hex('7b') },
  ],
  ['DATA, a payload of which every byte is escaped', { ...whole, bytes: true, seq: 6, payload: hex('fffefffefffefffe') }],
  ['DATA, a payload that looks like escapes', { ...whole, bytes: true, seq: 6, payload: hex('fe00fe01ff00ff01') }],
  [
    'DATA, text whose checksum is escaped in all four bytes: 16 bytes besides the message, the most',
    { ...whole, seq: 5, payload: Buffer.from('{"method":"aaaababaaabbabbbbaaaabbaaabaaabaaaaaaaaaaaaa"}') },
  ],
  ['STATUS, nothing beyond next is taken', { kind: 'status', ask: false, next: 12, ...counts, taken: Buffer.alloc(0) }],
  ['STATUS, ASK; next + 1, + 2 and + 9 are taken', { kind: 'status', ask: true, next: 16_380, ...counts, taken: hex('0301') }],
  [
    'STATUS, all digits at their highest, and all bits',
    {
      kind: 'status',
      ask: true,
      next: 16_383,
      clock: 2 ** 35 - 1,
      grantedRequests: 2 ** 28 - 1,
      grantedBytes: 2 ** 42 - 1,
      spentRequests: 2 ** 28 - 1,
      spentBytes: 2 ** 42 - 1,
      taken: Buffer.alloc(16, 0xff),
    },
  ],
  ['BYE, stopping', { kind: 'bye', seen: 'a1b2c3d4e5f6', code: 1, text: 'so long' }],
  [
    'BYE, a limit was exceeded, in letters of more than one byte',
    { kind: 'bye', seen: 'a1b2c3d4e5f6', code: 2, text: 'zu große Nachricht 😀' },
  ],
  ['BYE, the version is not spoken, to whoever it is', { kind: 'bye', seen: '', code: 4, text: '' }],
];

/** Every frame that can be sent, and one of a version that is not spoken yet. */
export function frameVectors(): FrameVector[] {
  const sent = frames.map(([name, frame]) => {
    const session = frame.kind === 'data' || frame.kind === 'status' ? { from, to } : {};
    return { name, ...session, frame: inJson(frame), hex: encodeFrame(frame, seed).toString('hex') };
  });
  const later = { kind: 'hello', version: 3, reliable: false, line: '', seen: '', half: '', other: '', got: 0, sent: 0, clock: 0 };
  const bytes = sealed('10', '03abcdef', '').toString('hex');
  return [...sent, { name: 'HELLO of another version: nothing but the version is looked at', readOnly: true, frame: later, hex: bytes }];
}

function inJson(frame: Frame): Record<string, unknown> {
  const members = Object.entries(frame).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    members.map(([name, value]) => [name, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value]),
  );
}

/** A frame with a right length and checksum, whatever its fields. */
function sealed(head: string, fields: string, key = from + to): Buffer {
  const { length } = hex(fields);
  return closed(Buffer.concat([hex(head), Buffer.from([length >> 14, (length >> 7) & 0x7f, length & 0x7f]), hex(fields)]), key);
}

/** The same with any length. */
function closed(content: Buffer, key = from + to): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(Buffer.concat([hex(key), content])));
  const escaped = [...content, ...crc].flatMap((byte) => (byte < 0xfe ? [byte] : [0xfe, byte - 0xfe]));
  return Buffer.from([0xff, ...escaped, 0xff]);
}

/** What has to be dropped, and why. */
export function droppedVectors(): DroppedVector[] {
  const frame: Frame = { ...whole, seq: 0, payload: call };
  const sound = encodeFrame(frame, seed);
  const other = (sender: string, receiver: string): Buffer => encodeFrame(frame, sessionSeed(sender, receiver));
  const changed = (at: number, byte: number): Buffer => Buffer.from(sound.map((one, i) => (i === at ? byte : one)));
  const zeros = (count: number): string => '00'.repeat(count);
  const all: [string, Buffer, DamageReason[]][] = [
    ['a frame of another session of this sender', other(from, '00112233aabb'), ['bad-checksum']],
    ["this side's own frame, come back by an echo", other(to, from), ['bad-checksum']],
    ['a frame without a key that needs one', encodeFrame(frame, 0), ['bad-checksum']],
    ['a HELLO with a key', sealed('10', '03'), ['bad-checksum']],
    ['one bit changed', changed(12, (sound[12] as number) ^ 1), ['bad-checksum']],
    ['an escape of nothing', changed(12, 0xfe), ['bad-checksum']],
    ['an escape at the end', changed(sound.length - 2, 0xfe), ['bad-checksum']],
    ['bytes lost', Buffer.concat([sound.subarray(0, 10), sound.subarray(14)]), ['truncated']],
    ['bytes that came to it', Buffer.concat([sound.subarray(0, 10), hex('0d0a'), sound.subarray(10)]), ['bad-length']],
    ['a byte changed to a FLAG: both halves are dropped', changed(12, 0xff), ['truncated', 'truncated']],
    ['a length that is not in digits', changed(3, 0x80), ['bad-length']],
    ['a length that is too great, though the checksum is right', closed(hex('2300000a0000')), ['truncated']],
    ['a kind that there is not, though the checksum is right', sealed('50', zeros(9)), ['noise']],
    ['text between frames', Buffer.from('\xfflogin: \xff', 'latin1'), ['noise']],
    ['text before the first FLAG', Buffer.from('Linux version 6.12\r\n\xff', 'latin1'), ['noise']],
    ['HELLO with a line of zeros', sealed('10', `0200${zeros(12)}${from}${zeros(21)}`, ''), ['bad-header']],
    ['HELLO with a half of zeros', sealed('10', `02001a2b3c4d5e6f${zeros(33)}`, ''), ['bad-header']],
    ['HELLO that is a byte short', sealed('10', `02001a2b3c4d5e6f${zeros(6)}${from}${zeros(20)}`, ''), ['bad-header']],
    ['DATA with a seq that is not in digits', sealed('23', '0080'), ['bad-header']],
    ['DATA, a first piece without a total', sealed('21', '00000007'), ['bad-header']],
    ['DATA, DROP with a payload', sealed('28', '0000000700'), ['bad-header']],
    ['DATA, DROP with another flag', sealed('2a', '00000007'), ['bad-header']],
    ['STATUS with 17 bytes of bits', sealed('30', zeros(44)), ['bad-header']],
    ['STATUS with a flag that there is not', sealed('32', zeros(27)), ['noise']],
    ['BYE with 257 bytes of text', sealed('40', `${zeros(6)}01${'41'.repeat(257)}`, ''), ['bad-header']],
    ['BYE whose text is no UTF-8', sealed('40', `${zeros(6)}01c3`, ''), ['bad-header']],
  ];
  return [
    ...all.map(([name, bytes, reasons]) => ({ name, from, to, hex: bytes.toString('hex'), reasons })),
    {
      name: 'a frame of the session before, whose halves are remembered',
      from,
      to,
      before: earlier,
      hex: other(earlier, to).toString('hex'),
      reasons: ['other-session'],
    },
  ];
}
