import { invalidOption } from './errors.ts';

/** The caps of one decoder. All are checked before memory is taken for what they cap. */
export interface Limits {
  /** Bytes of one frame's header, where the protocol has one. */
  readonly maxHeaderBytes: number;
  /** Bytes of one message's body, in either direction. */
  readonly maxMessageBytes: number;
  /** Nesting of arrays and objects in one message. */
  readonly maxDepth: number;
  /** Characters of a method's name. */
  readonly maxMethodLength: number;
  /** Characters of a tag (JSON-RPC: of an `id` that is a string). */
  readonly maxTagLength: number;
}

const MiB = 1024 * 1024;

/** The caps where a protocol sets none of its own. */
export const defaultLimits: Limits = Object.freeze({
  // As v7's: one page less one byte; a language server's headers take about 60.
  maxHeaderBytes: 4095,
  // Holds 10 MB of file as base64 in one message, with room; what is larger belongs in pieces.
  maxMessageBytes: 16 * MiB,
  // No hand-written message comes near; a parser's stack and a printer's recursion stay small.
  maxDepth: 128,
  maxMethodLength: 256,
  maxTagLength: 256,
});

/** The original's own caps (its receiver drops what is larger). */
export const v7Limits: Limits = Object.freeze({
  ...defaultLimits,
  maxHeaderBytes: 4095,
  maxMessageBytes: 2 * MiB,
  // It keeps 62 characters of a tag, so a longer one could never be matched again.
  maxTagLength: 62,
});

/** What a qemu-guest-agent needs. */
export const qemuGaLimits: Limits = Object.freeze({
  ...defaultLimits,
  // guest-exec-status gives up to 16 MiB each of output and of errors, in base64. The agent itself takes tokens of up to 64 MiB.
  maxMessageBytes: 48 * MiB,
});

/** The caps of virtagent-2's messages; what the other side has announced takes their place in what is sent to it. */
export const v2Limits: Limits = Object.freeze({
  ...defaultLimits,
  // As the protocol has it: tags are the sender's own, and ours have 20.
  maxTagLength: 64,
});

/** The limits that a side of virtagent-2 announces (docs/protocol.md#limits). */
export interface SessionLimits {
  readonly frame: number;
  readonly message: number;
  readonly messages: number;
  readonly depth: number;
  readonly method: number;
  readonly streams: number;
  readonly keepMs: number;
  readonly heartbeatMs: number;
}

/** Those of a side that announces none. */
export const sessionLimits: SessionLimits = Object.freeze({
  // An urgent message waits for one frame at most; at 64 KiB the frames cost less than a thousandth of what is in them.
  frame: 64 * 1024,
  message: v2Limits.maxMessageBytes,
  // Memory is taken for what has come of each: with the bytes of a message this bounds it. A sender needs one for each queue (a
  // class and an urgency): the oldest of each is finished before the next begins.
  messages: 8,
  depth: v2Limits.maxDepth,
  method: v2Limits.maxMethodLength,
  // Each holds a handler's slot for as long as its reader likes.
  streams: 64,
  // A guest that is moved to another host, or a cable that is plugged in anew, comes back sooner.
  keepMs: 30_000,
  // A dead line is known within 10 s, and an idle one costs 12 bytes a second.
  heartbeatMs: 5000,
});

/** What else a side of virtagent-2 keeps to: none of it is announced, and all of it is what the other side may count on or has to bear. */
export const sessionBounds = Object.freeze({
  /** Frames that a plain session has sent and that are not known to be taken: what the next line repeats. */
  plainFrames: 1024,
  /** Bytes of them. */
  plainBytes: 256 * 1024,
  /** Bytes of them while urgent messages pass, but for those messages. */
  besideUrgent: 48 * 1024,
  /** For how many bytes behind an urgent message the next one is expected: some milliseconds of a line that is as fast as its ends. */
  urgentMemory: 2 * 1024 * 1024,
  /** Frames that the receiver of a reliable session keeps while one before them is missing. */
  framesAhead: 128,
  /** Frames that a reliable session has sent and that are not known to be taken: for each message that is begun, one is left to give it up. */
  reliableFrames: 128 - sessionLimits.messages,
  /** Bytes of them: about what a serial port's driver holds. */
  reliableBytes: 64 * 1024,
  /** The most payload of one frame before the other side's limits are known, and in a reliable session. */
  firstPiece: 256,
  /** Bytes of a message that a plain session sends before it asks for its next turn: what an urgent one waits for. */
  plainTurn: 16 * 1024,
  /** The same in a reliable session, whose lines are slow. */
  reliableTurn: 1024,
  /** A STATUS is due after so many frames. */
  statusFrames: 64,
  /** Or bytes of them: half of what may be out while urgent messages pass. */
  statusBytes: 24 * 1024,
  /** Frames after which it is due at once in a reliable session. */
  reliableStatusFrames: 8,
  /** STATUS in a row that say less than was said: the other side was put back to an earlier moment. One alone may be a late one. */
  statusBehind: 3,
  /** HELLOs that repeat what is known and are answered, in a second. */
  helloAnswers: 16,
  /** What every side takes in one message, whatever it announces: less could carry neither limits nor errors. */
  leastMessage: 1024,
  /** Requests that may wait at the other side; half of `maxServerJobs` where that is less. */
  requests: 2048,
  /**
   * Bytes of them; half of `maxServerBytes` where that is less. A quarter of what the digits on the line count to: what is half of that
   * ahead would be taken for what is behind.
   */
  requestBytes: 2 ** 40,
  /** Answered requests whose state can still be asked for. */
  answered: 1024,
});

/** The least of each cap with virtagent-2: a side that takes less would drop what the protocol itself says, in silence. */
export const leastV2Limits: Limits = Object.freeze({
  // It has no headers.
  maxHeaderBytes: 1,
  maxMessageBytes: sessionBounds.leastMessage,
  // The list of a message's byte strings: an object, an array, and an array for each.
  maxDepth: 3,
  // `$/progress`.
  maxMethodLength: 10,
  maxTagLength: v2Limits.maxTagLength,
});

/** What a side with these caps announces. */
export function announcedLimits(limits: Limits, own: Pick<SessionLimits, 'keepMs' | 'heartbeatMs'>): SessionLimits {
  return {
    ...sessionLimits,
    message: limits.maxMessageBytes,
    depth: limits.maxDepth,
    method: limits.maxMethodLength,
    // As whole numbers; what never comes is far away.
    keepMs: Math.min(Math.ceil(own.keepMs), Number.MAX_SAFE_INTEGER),
    heartbeatMs: Math.min(Math.ceil(own.heartbeatMs), Number.MAX_SAFE_INTEGER),
  };
}

/** `base` with a user's own caps in place of some. Throws INVALID_OPTION. */
export function limitsFrom(base: Limits, own: Partial<Limits> = {}): Limits {
  const limits = { ...base };
  for (const [name, value] of Object.entries(own)) {
    if (!(name in base)) invalidOption('limits', name, `the names ${Object.keys(base).join(', ')}`);
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1) invalidOption(`limits.${name}`, value, 'a whole number from 1');
    limits[name as keyof Limits] = value;
  }
  return Object.freeze(limits);
}

/** Throws INVALID_OPTION where caps are too low for virtagent-2. */
export function checkV2Limits(limits: Limits): void {
  for (const name of Object.keys(leastV2Limits) as (keyof Limits)[]) {
    const least = leastV2Limits[name];
    if (limits[name] >= least) continue;
    const allowed = `a whole number from ${least} with virtagent-2, as its own messages take that, and with auto, which may find it`;
    invalidOption(`limits.${name}`, limits[name], `${allowed}; for less name another protocol`);
  }
}
