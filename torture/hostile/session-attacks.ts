/** Attacks of who speaks virtagent-2: below the messages, where frames, numbers and sessions are. */
import { crc32 } from 'node:zlib';
import { ESCAPE, FLAG } from '../../transport/codecs/virtagent-2-escapes.ts';
import type { Attack } from './attack.ts';
import { limits, request, type FarSide } from './far-side.ts';

const nonce = (i: number): string => (i + 1).toString(16).padStart(12, '0');
const piece = (i: number, total = 16_000_000): object => ({ first: true, last: false, number: i, total });
const KiB = 1024;
const block = Buffer.alloc(64 * KiB, 'x');
/** All but the end of a message that is as large as messages may be. */
function begin(far: FarSide, number: number, bytes: number): void {
  far.data(block, piece(number));
  for (let sent = block.length; sent + block.length < bytes; sent += block.length) far.data(block, { first: false, last: false, number });
}

export const sessionAttacks: readonly Attack[] = [
  // Bytes.
  { name: 'nothing but noise', unmet: true, run: (far, by) => by.flood(far, (i) => far.raw(Buffer.alloc(16 * KiB, (i * 37) % 251))) },
  { name: 'a byte at a time', run: (far, by) => by.flood(far, (i) => far.raw(Buffer.from([i % 255]))) },
  { name: 'nothing but FLAGs', run: (far, by) => by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, FLAG))) },
  { name: 'nothing but escapes', run: (far, by) => by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, ESCAPE))) },
  {
    name: 'a frame of two bytes, again and again',
    run: (far, by) => by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, Buffer.from([FLAG, 0x21, FLAG, 0x31])))),
  },
  { name: 'a frame that never ends', run: (far, by) => (far.raw(Buffer.from([FLAG, 0x23])), by.flood(far, () => far.raw(block))) },
  { name: 'lengths that lie', run: (far, by) => by.flood(far, (i) => far.raw(lying(far, i))) },
  { name: 'a frame longer than any may be', run: (far, by) => by.flood(far, () => far.data(Buffer.alloc(256 * KiB, 'x'))) },
  {
    name: 'checksums that are wrong',
    run: (far, by) =>
      by.flood(far, () => far.raw(Buffer.concat([Buffer.from([FLAG, 0x23, 0, 0, 9]), Buffer.alloc(13, 7), Buffer.from([FLAG])]))),
  },
  {
    name: 'a slow drip',
    run: async (far, by) => {
      for (let i = 0; i < 20 && !far.closed; i++) {
        far.raw(Buffer.from([FLAG, 0x23]));
        await by.watch(far, 30);
      }
    },
  },
  { name: 'it never greets', unmet: true, manners: { greets: false }, run: (far, by) => by.watch(far, 500) },
  { name: 'it connects and reads nothing', unmet: true, manners: { reads: false }, run: (far, by) => by.watch(far, 500) },

  // Greetings.
  { name: 'HELLO flood', run: (far, by) => by.flood(far, () => far.hello()) },
  {
    name: 'HELLO flood, unread',
    manners: { reads: true, confirms: 1 },
    run: (far, by) => (far.line.pause(), by.flood(far, () => far.hello())),
  },
  { name: 'a HELLO of another line each time', run: (far, by) => by.flood(far, (i) => far.hello({ line: nonce(i) })) },
  {
    name: 'a HELLO of another line each time, unread',
    run: (far, by) => (far.line.pause(), by.flood(far, (i) => far.hello({ line: nonce(i) }))),
  },
  { name: 'a HELLO of another half each time', run: (far, by) => by.flood(far, (i) => far.hello({ half: nonce(i), other: '' })) },
  { name: 'a HELLO that knows another half', run: (far, by) => by.flood(far, (i) => far.hello({ other: nonce(i) })) },
  { name: 'a HELLO that has taken what was never sent', run: (far, by) => by.flood(far, () => far.hello({ got: 1_000_000 })) },
  { name: 'a greeting that is replayed', run: async (far, by) => by.flood(far, () => (far.hello({ seen: '', other: '' }), far.hello())) },
  {
    name: 'its own HELLO comes back to it',
    unmet: true,
    manners: { greets: false },
    run: (far, by) => by.flood(far, () => far.hello({ line: far.seen === '' ? nonce(1) : far.seen })),
  },
  { name: 'a HELLO of version 3', ends: 'cut', run: async (far, by) => (far.raw(helloOf(3)), by.watch(far)) },
  { name: 'a BYE that is replayed', run: (far, by) => by.flood(far, () => far.bye(1, 'again', nonce(7))) },
  {
    name: 'a BYE with control characters',
    ends: 'cut',
    run: async (far, by) => (far.bye(3, '\u001b[2J\n\u202e'.repeat(20)), by.watch(far)),
  },

  // Numbers.
  { name: 'seqs that jump by 8,000', run: (far, by) => by.flood(far, () => ((far.sent += 8_000), far.message({ method: 'none' }))) },
  { name: 'the same seq again and again', run: (far, by) => by.flood(far, () => (far.sent--, far.message({ method: 'none' }))) },
  {
    name: 'seqs far ahead, reliable',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => by.flood(far, (i) => ((far.sent = 2 + (i % 200)), far.data(block, {}))),
  },
  {
    name: 'a gap that is never filled, reliable',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => (far.sent++, by.flood(far, () => far.message(request('a', 'echo')))),
  },
  {
    name: 'a STATUS that confirms what was never sent',
    run: async (far, by) => by.flood(far, (i) => far.status({ next: (far.got + 100 + i) % 16_384 })),
  },
  {
    name: 'a STATUS whose bits were never sent',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => by.flood(far, () => far.status({ taken: Buffer.alloc(16, 0xff) })),
  },
  { name: 'STATUS ask flood', run: (far, by) => by.flood(far, () => far.status({ ask: true })) },
  { name: 'STATUS ask flood, unread', run: (far, by) => (far.line.pause(), by.flood(far, () => far.status({ ask: true }))) },
  {
    name: 'it confirms nothing',
    manners: { reads: true },
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'echo', { pad: 'x'.repeat(1000) }))),
  },

  // Pieces.
  {
    name: 'pieces of messages that never began',
    run: (far, by) => by.flood(far, (i) => far.data(block, { first: false, last: false, number: i % 16_384 })),
  },
  {
    name: 'eight messages of 16 MB that never end',
    run: async (far, by) => {
      for (let i = 0; i < 8 && !far.closed; i++) {
        begin(far, i, 15_900_000);
        await far.drained();
      }
      await by.watch(far, 500);
    },
  },
  {
    name: 'a ninth message',
    ends: 'cut',
    run: async (far, by) => {
      for (let i = 0; i < 9; i++) far.data(block, piece(i));
      await by.watch(far);
    },
  },
  { name: 'a message of 200 MB', ends: 'cut', run: async (far, by) => (far.data(block, piece(1, 200_000_000)), by.watch(far)) },
  {
    name: 'totals that lie',
    run: (far, by) =>
      by.flood(far, (i) => (far.data(block, piece(i % 8, 100_000)), far.data(block, { first: false, last: true, number: i % 8 }))),
  },
  { name: 'messages that begin under a number in use', run: (far, by) => by.flood(far, () => far.data(block, piece(1))) },
  {
    name: 'pieces of no byte',
    run: (far, by) => (far.data('x', piece(1, 100)), by.flood(far, () => far.data('', { first: false, last: false, number: 1 }))),
  },
  {
    name: 'DROP flood',
    run: (far, by) => by.flood(far, (i) => far.data('', { first: false, last: false, drop: true, number: i % 16_384 })),
  },
  {
    name: 'DROPs that want credit back',
    run: (far, by) => by.flood(far, (i) => far.data('', { first: true, last: false, drop: true, number: i % 16_384, total: 200_000_000 })),
  },
  {
    name: 'plain frames lost on purpose, with messages begun',
    run: (far, by) => by.flood(far, (i) => (far.data(block, piece(i % 16_384)), far.sent++)),
  },

  // Credit.
  {
    name: 'credit that overflows',
    run: (far, by) => by.flood(far, (i) => far.status({ grantedRequests: (i * 2 ** 27) % 2 ** 28, grantedBytes: 2 ** 42 - 1 })),
  },
  {
    name: 'spent that overflows',
    run: (far, by) => by.flood(far, (i) => far.status({ spentRequests: (i * (2 ** 27 - 1)) % 2 ** 28, spentBytes: 2 ** 42 - 1 })),
  },
  {
    name: 'no credit at all',
    run: async (far, by) => {
      await by.watch(far, 400);
    },
  },
  {
    name: 'credit exceeded',
    ends: 'cut',
    run: async (far, by) => {
      await by.flood(far, (i) => far.message(request(`${i}`, 'never')));
      await by.watch(far);
    },
  },
  {
    name: 'nested requests, which need no credit',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'never', {}, { nested: true }))),
  },
  {
    name: 'limits of nothing',
    run: async (far, by) => {
      far.message(limits({ frame: 0, message: 0, messages: 0 }));
      await by.flood(far, (i) => far.message(request(`${i}`, 'big', 5_000)));
    },
  },
  { name: 'limits that want ours, again and again', run: (far, by) => by.flood(far, () => far.message(limits({ again: 1 }))) },
];

function helloOf(version: number): Buffer {
  // A head and a length of one; nothing but the version is looked at, and the CRC of these six bytes is what zlib says.
  const frame = Buffer.from([0x10, 0, 0, 1, version]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(frame));
  return Buffer.concat([Buffer.from([FLAG]), escape(Buffer.concat([frame, crc])), Buffer.from([FLAG])]);
}

function escape(bytes: Buffer): Buffer {
  return Buffer.from([...bytes].flatMap((byte) => (byte >= ESCAPE ? [ESCAPE, byte - ESCAPE] : [byte])));
}

function lying(far: FarSide, i: number): Buffer {
  const frame = Buffer.from(far.bytesOf(far.dataFrame(Buffer.from('{"method":"x"}'))));
  frame[2 + (i % 3)] = (i * 31) % 128;
  return frame;
}
