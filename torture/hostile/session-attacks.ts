/** Attacks of who speaks virtagent-2: below the messages, where frames, numbers and sessions are. */
import { crc32 } from 'node:zlib';
import { ESCAPE, FLAG } from '../../transport/codecs/virtagent-2-escapes.ts';
import type { Attack } from './attack.ts';
import { limits, request, type FarSide } from './far-side.ts';
import { block, KiB, MANY, MiB, noise } from './material.ts';

const nonce = (i: number): string => (i + 1).toString(16).padStart(12, '0');
const piece = (i: number, total = 16_000_000): object => ({ first: true, last: false, number: i, total });
/** A request that is served at once and needs no credit: whether it was taken can be counted. */
const echo = (i: number | string = 'x'): object => request(`${i}`, 'echo', {}, { nested: true });

/** All but the end of a message that is as large as messages may be. */
function begin(far: FarSide, number: number, bytes: number): void {
  far.data(block, piece(number));
  for (let sent = block.length; sent + block.length < bytes; sent += block.length) far.data(block, { first: false, last: false, number });
}

export const sessionAttacks: readonly Attack[] = [
  // Bytes.
  {
    name: 'nothing but noise',
    unmet: true,
    run: (far, by) => by.flood(far, (i) => far.raw(noise[i % noise.length] as Buffer)),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'a byte at a time',
    run: (far, by) => by.flood(far, (i) => far.raw(Buffer.from([(i * 7) % 256]))),
    expects: ({ said, damaged }) => said >= MANY && damaged >= said / 300,
  },
  {
    name: 'nothing but FLAGs',
    run: (far, by) => by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, FLAG))),
    expects: ({ bytesIn }) => bytesIn >= 10 * MiB,
  },
  {
    name: 'nothing but escapes',
    run: (far, by) => by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, ESCAPE))),
    expects: ({ bytesIn }) => bytesIn >= 10 * MiB,
  },
  {
    // Together they are counted once: none of them is worth an event.
    name: 'frames of a byte, again and again',
    run: async (far, by) => {
      await by.flood(far, () => far.raw(Buffer.alloc(64 * KiB, Buffer.from([FLAG, 0x21, FLAG, 0x31]))));
      far.message(echo());
      await far.until(() => far.messages.some(({ id }) => id === 'x'));
    },
    expects: ({ damaged, bytesIn, handled }) => damaged >= 1 && bytesIn >= MiB && handled === 1,
  },
  {
    name: 'a frame that never ends',
    run: (far, by) => (far.raw(Buffer.from([FLAG, 0x23])), by.flood(far, () => far.raw(block))),
    expects: ({ bytesIn, handled }) => bytesIn >= 10 * MiB && handled === 0,
  },
  {
    name: 'lengths that lie',
    run: (far, by) => by.flood(far, (i) => far.raw(lying(far, i))),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'a frame longer than any may be',
    run: (far, by) => by.flood(far, () => far.data(Buffer.alloc(256 * KiB, 'x'))),
    expects: ({ damaged, bytesIn }) => damaged >= 10 && bytesIn >= MiB,
  },
  {
    name: 'checksums that are wrong',
    run: (far, by) =>
      by.flood(far, () => far.raw(Buffer.concat([Buffer.from([FLAG, 0x23, 0, 0, 9]), Buffer.alloc(13, 7), Buffer.from([FLAG])]))),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    // It answers nothing: a frame that never comes whole is silence.
    name: 'a slow drip',
    manners: {},
    ends: 'cut in time',
    run: async (far, by) => {
      for (let i = 0; i < 150 && !far.closed; i++) {
        // The head and the length of a frame, and then a byte of it each time.
        far.raw(i === 0 ? Buffer.from([FLAG, 0x23, 0, 64, 0]) : Buffer.from('x'));
        await by.watch(far, 30);
      }
    },
    expects: ({ bytesIn, damaged, statuses }) => bytesIn >= 150 && damaged <= 1 && statuses >= 2,
  },
  {
    // Nobody gives up a line for silence alone: it is greeted after pauses that double.
    name: 'it never greets',
    unmet: true,
    manners: { greets: false },
    ends: 'served',
    run: (far, by) => by.watch(far, 3_000),
    expects: ({ hellos }) => hellos >= 4 && hellos <= 8,
  },
  {
    name: 'it connects and reads nothing',
    unmet: true,
    manners: { reads: false },
    ends: 'served',
    run: (far, by) => by.watch(far, 3_000),
    expects: ({ bytesOut }) => bytesOut > 0 && bytesOut < KiB,
  },

  // Greetings.
  { name: 'HELLO flood', run: (far, by) => by.flood(far, () => far.hello()), expects: ({ said, hellos }) => said >= MANY && hellos < said },
  {
    name: 'HELLO flood, unread',
    run: (far, by) => by.floodUnread(far, () => far.hello()),
    expects: ({ said, bytesOut }) => said >= MANY && bytesOut < MiB,
  },
  {
    name: 'a HELLO of another line each time',
    run: (far, by) => by.flood(far, (i) => far.hello({ line: nonce(i) })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 2,
  },
  {
    name: 'a HELLO of another line each time, unread',
    run: (far, by) => by.floodUnread(far, (i) => far.hello({ line: nonce(i) })),
    expects: ({ said, bytesOut }) => said >= MANY && bytesOut < MiB,
  },
  {
    name: 'a HELLO of another half each time',
    run: (far, by) => by.flood(far, (i) => far.hello({ half: nonce(i), other: '' })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 20,
  },
  {
    name: 'a HELLO that knows another half',
    run: (far, by) => by.flood(far, (i) => far.hello({ other: nonce(i) })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 2,
  },
  {
    name: 'a HELLO that has taken what was never sent',
    run: (far, by) => by.flood(far, () => far.hello({ got: 1_000_000 })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 2,
  },
  {
    name: 'a greeting of this line that is replayed',
    run: (far, by) => by.flood(far, () => (far.hello({ seen: '', other: '' }), far.hello())),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 2,
  },
  {
    // As it was said on an earlier line, in an earlier session.
    name: 'a greeting of an earlier session that is replayed',
    run: async (far, by) => {
      const earlier = await by.another();
      const hellos = [earlier.helloFrame(), earlier.helloFrame({ seen: '', other: '' })].map((hello) => earlier.bytesOf(hello));
      earlier.line.destroy();
      await by.flood(far, (i) => far.raw(hellos[i % 2] as Buffer));
    },
    // What the far side says by itself meanwhile, such as a STATUS, may be of the session before.
    expects: ({ said, hellos, damaged }) => said >= MANY && hellos >= 2 && damaged < said / 100,
  },
  {
    name: 'frames of an earlier session that are replayed',
    ends: 'served',
    run: async (far, by) => {
      const earlier = await by.another();
      const frames = [earlier.dataFrame(Buffer.from(JSON.stringify(echo()))), earlier.dataFrame(block)].map((one) => earlier.bytesOf(one));
      earlier.line.destroy();
      await by.flood(far, (i) => far.raw(frames[i % 2] as Buffer));
    },
    expects: ({ damaged, handled }) => damaged >= MANY && handled === 0,
  },
  {
    name: 'its own HELLO comes back to it',
    unmet: true,
    manners: { greets: false },
    run: async (far, by) => {
      await far.until(() => far.seen !== '');
      await by.flood(far, () => far.hello({ line: far.seen }));
    },
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'a HELLO of version 3',
    ends: 'cut',
    run: async (far, by) => (far.raw(helloOf(3)), by.watch(far)),
    expects: ({ bytesIn }) => bytesIn > 0,
  },
  {
    name: 'a BYE of an earlier line that is replayed',
    ends: 'served',
    run: async (far, by) => {
      const earlier = await by.another();
      const { seen } = earlier;
      earlier.line.destroy();
      await by.flood(far, () => far.bye(1, 'again', seen));
    },
    expects: ({ said, bytesIn }) => said >= MANY && bytesIn >= 10 * said,
  },
  {
    name: 'a BYE with control characters',
    ends: 'cut',
    run: async (far, by) => (far.bye(3, '\u001b[2J\n\u202e'.repeat(20)), by.watch(far)),
    expects: ({ bytesIn }) => bytesIn > 100,
  },

  // Numbers.
  {
    name: 'seqs that jump by 8,000',
    run: (far, by) => by.flood(far, (i) => ((far.sent += 8_000), far.message(echo(i)))),
    expects: ({ handled }) => handled >= MANY,
  },
  {
    name: 'the same seq again and again',
    run: (far, by) => by.flood(far, (i) => (far.sent--, far.message(echo(i)))),
    expects: ({ said, handled }) => said >= MANY && handled === 0,
  },
  {
    name: 'seqs far ahead, reliable',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => by.flood(far, (i) => ((far.sent = 2 + (i % 200)), far.data(block, {}))),
    expects: ({ bytesIn, messagesIn, damaged }) => bytesIn >= 10 * MiB && messagesIn === 0 && damaged === 0,
  },
  {
    name: 'a gap that is never filled, reliable',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => {
      const gap = far.sent;
      return by.flood(far, (i) => ((far.sent = gap + 1 + (i % 8_000)), far.message(echo(i))));
    },
    expects: ({ said, handled, damaged }) => said >= MANY && handled === 0 && damaged === 0,
  },
  {
    name: 'a STATUS that confirms what was never sent',
    run: async (far, by) => by.flood(far, (i) => far.status({ next: (far.got + 100 + i) % 16_384 })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 3,
  },
  {
    name: 'a STATUS whose bits were never sent',
    manners: { reliable: true, confirms: 1 },
    run: (far, by) => by.flood(far, () => far.status({ taken: Buffer.alloc(16, 0xff) })),
    expects: ({ said, hellos }) => said >= MANY && hellos >= 3,
  },
  {
    name: 'STATUS ask flood',
    run: (far, by) => by.flood(far, () => far.status({ ask: true })),
    expects: ({ said, statuses }) => said >= MANY && statuses >= 10,
  },
  {
    name: 'STATUS ask flood, unread',
    run: (far, by) => by.floodUnread(far, () => far.status({ ask: true })),
    expects: ({ said, bytesOut }) => said >= MANY && bytesOut < MiB,
  },
  {
    name: 'it confirms nothing',
    // It reads: what it does not confirm is kept for the next line, and the answers wait behind that.
    manners: { reads: true },
    ends: 'cut in time',
    run: async (far, by) => {
      const pad = { pad: 'x'.repeat(20_000) };
      await by.flood(far, (i) => far.message(request(`${i}`, 'echo', pad, { nested: true })));
      await by.watch(far, 3_000);
    },
    expects: ({ handled, bytesOut, statuses }) => handled >= MANY && bytesOut < MiB && statuses >= 2,
  },

  // Pieces.
  {
    name: 'pieces of messages that never began',
    run: (far, by) => by.flood(far, (i) => far.data(block, { first: false, last: false, number: i % 16_384 })),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'eight messages of 16 MB that never end',
    ends: 'served',
    grows: { bytes: 224 * MiB, why: 'all of it may come, and a message that grows is copied' },
    run: async (far, by) => {
      for (let i = 0; i < 8 && !far.closed; i++) {
        begin(far, i, 15_900_000);
        await far.drained();
      }
      await by.watch(far, 500);
    },
    expects: ({ bytesIn, damaged }) => bytesIn >= 8 * 15_000_000 && damaged === 0,
  },
  {
    name: 'a ninth message',
    ends: 'cut',
    run: async (far, by) => {
      for (let i = 0; i < 9; i++) far.data(block, piece(i));
      await by.watch(far);
    },
    expects: ({ bytesIn }) => bytesIn >= 8 * block.length,
  },
  {
    name: 'a message of 200 MB',
    ends: 'cut',
    run: async (far, by) => (far.data(block, piece(1, 200_000_000)), by.watch(far)),
    expects: ({ bytesIn }) => bytesIn >= block.length,
  },
  {
    // Eight begin, each with a little: what is named is not to be taken at its word.
    name: 'totals of 16 MB of which a little comes',
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.data('x', piece(i % 8))),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'totals that lie',
    run: (far, by) =>
      by.flood(far, (i) => (far.data(block, piece(i % 8, 100_000)), far.data(block, { first: false, last: true, number: i % 8 }))),
    expects: ({ damaged }) => damaged >= 100,
  },
  {
    name: 'messages that begin under a number in use',
    run: (far, by) => by.flood(far, () => far.data(block, piece(1))),
    expects: ({ damaged }) => damaged >= 100,
  },
  {
    name: 'pieces of no byte',
    run: (far, by) => (far.data('x', piece(1, 100)), by.flood(far, () => far.data('', { first: false, last: false, number: 1 }))),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'DROP flood',
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.data('', { first: false, last: false, drop: true, number: i % 16_384 })),
    expects: ({ said, bytesIn, damaged }) => said >= MANY && bytesIn >= 10 * said && damaged === 0,
  },
  {
    // A request that is given up has cost nothing, and gives nothing back.
    name: 'requests that are begun and dropped',
    ends: 'served',
    run: (far, by) =>
      by.flood(far, (i) => {
        const number = i % 16_384;
        far.data('{"id":"a","method":"echo","params":"', piece(number, 100_000));
        far.data('', { first: false, last: false, drop: true, number });
      }),
    expects: ({ said, damaged, bytesIn }) => said >= MANY && damaged === 0 && bytesIn >= 50 * said,
  },
  {
    name: 'DROPs with flags that they may not have',
    run: (far, by) => by.flood(far, (i) => far.data('', { first: true, last: false, drop: true, number: i % 16_384, total: 200_000_000 })),
    expects: ({ damaged }) => damaged >= MANY,
  },
  {
    name: 'plain frames lost on purpose, with messages begun',
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => (far.data(block, piece(i % 16_384)), far.sent++)),
    expects: ({ said, bytesIn, damaged }) => said >= 100 && bytesIn >= said * 0.8 * block.length && damaged === 0,
  },

  // Credit.
  {
    name: 'credit that overflows',
    run: (far, by) => by.flood(far, (i) => far.status({ grantedRequests: (i * 2 ** 27) % 2 ** 28, grantedBytes: 2 ** 42 - 1 })),
    expects: ({ said, bytesIn }) => said >= MANY && bytesIn >= 20 * said,
  },
  {
    name: 'spent that overflows',
    run: (far, by) => by.flood(far, (i) => far.status({ spentRequests: (i * (2 ** 27 - 1)) % 2 ** 28, spentBytes: 2 ** 42 - 1 })),
    expects: ({ said, bytesIn }) => said >= MANY && bytesIn >= 20 * said,
  },
  {
    // Its requests are served, and what is asked of it waits for ever.
    name: 'no credit at all',
    manners: { confirms: 16, grants: false },
    run: async (far, by) => {
      for (let i = 0; i < 1_000; i++) far.message(request(`${i}`, 'call', {}, { nested: true }));
      await by.watch(far, 1_500);
    },
    expects: ({ asked, answered, requests, statuses }) => asked === 1_000 && answered === 0 && requests === 0 && statuses >= 2,
  },
  {
    name: 'credit exceeded',
    ends: 'cut',
    run: async (far, by) => {
      await by.flood(far, (i) => far.message(request(`${i}`, 'never')));
      await by.watch(far);
    },
    expects: ({ said }) => said >= 2_048,
    ms: 3_000,
  },
  {
    // Of requests there is plenty left.
    name: 'credit of bytes exceeded',
    ends: 'cut',
    ms: 3_000,
    run: async (far, by) => {
      const large = { pad: 'x'.repeat(60_000) };
      await by.flood(far, (i) => far.message(request(`${i}`, 'never', large)), 1_500);
      await by.watch(far);
    },
    expects: ({ bytesIn }) => bytesIn >= 32 * MiB,
  },
  {
    name: 'nested requests, which need no credit',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'never', {}, { nested: true }))),
    expects: ({ messagesIn }) => messagesIn >= MANY,
  },
  {
    // It is taken for the least that every side takes.
    name: 'limits of nothing',
    manners: { confirms: 4, limits: { frame: 0, messages: 0, depth: 0, method: 0, streams: 0, keepMs: 0, heartbeatMs: 0 } },
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'big', 5_000, { nested: true }))),
    expects: ({ handled, largest }) => handled >= 100 && largest === 256,
  },
  {
    name: 'messages of nothing',
    manners: { confirms: 4, limits: { message: 0 } },
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'big', 5_000))),
    expects: ({ handled, errors, largest }) => handled >= 100 && errors >= 100 && largest <= KiB,
  },
  {
    name: 'limits that want ours, again and again',
    run: (far, by) => by.flood(far, () => far.message(limits({ again: 1 }))),
    expects: ({ said, bytesOut }) => said >= MANY && bytesOut >= KiB,
  },
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
