import { RemoteProtocolError, type DamageReason } from '../errors.ts';

/** What is wrong with bytes that are going to be dropped. */
export interface Fault {
  readonly reason: DamageReason;
  readonly message: string;
}

/** A message of this side's that comes back. */
export const lineEchoes: Fault = Object.freeze({ reason: 'noise', message: 'what this side says comes back to it: the line echoes' });

/**
 * The error for `dropped` bytes with that fault.
 *
 * It has no stack: that would only show the decoder, and taking one costs 9 of the 10 µs of an error, which a
 * peer can cause with each two bytes that it sends.
 */
export function damaged({ reason, message }: Fault, dropped: number): RemoteProtocolError {
  const frames = limitStack(0);
  const error = new RemoteProtocolError(reason, `dropped ${dropped} bytes: ${message}`, dropped);
  limitStack(frames);
  return error;
}

function limitStack(frames: number): number {
  const before = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = frames;
  } catch {
    // Under --frozen-intrinsics it can't be set; the stack is taken then.
  }
  return before;
}
