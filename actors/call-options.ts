import { invalidOption } from '../transport/errors.ts';
import { checkNames, optionNames } from '../transport/option-names.ts';
import type { StreamRoom } from './call-stream.ts';
import type { CallOptions, StreamOptions } from './methods.ts';
import { checkSchema } from './schema.ts';

/** What of a streamed result may be on its way, where its reader does not say. */
const streamRoom: StreamRoom = Object.freeze({ items: 64, bytes: 1024 * 1024 });

const callNames = optionNames<CallOptions>({ signal: true, timeoutMs: true, urgency: true, result: true, onProgress: true });
const streamNames = optionNames<StreamOptions>({ signal: true, timeoutMs: true, urgency: true, result: true, room: true });
const roomNames = optionNames<StreamRoom>({ items: true, bytes: true });

/** Throws INVALID_OPTION for what is wrong with the options of a call. */
export function checkCallOptions(options: CallOptions, names = callNames): void {
  checkNames('options', options, names);
  const { signal, timeoutMs = Infinity, urgency = 1, onProgress, result } = options;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
  if (!(urgency === 0 || urgency === 1 || urgency === 2)) invalidOption('urgency', urgency, '0, 1 or 2');
  if (onProgress !== undefined && typeof onProgress !== 'function') invalidOption('onProgress', onProgress, 'a function');
  if (result !== undefined) checkSchema('result', result);
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') invalidOption('signal', signal, 'an AbortSignal');
}

/** What a stream's options come to: those of its call, and its room as the line carries it. Throws INVALID_OPTION. */
export function checkedStreamOptions(options: StreamOptions): { readonly call: CallOptions; readonly room: StreamRoom } {
  checkCallOptions(options, streamNames);
  // One deadline covers everything, and a stream may go on for as long as it is read.
  const { room = {}, timeoutMs = Infinity, ...others } = options;
  if (typeof room !== 'object' || room === null) invalidOption('room', room, 'an object with items, bytes or both');
  checkNames('room', room, roomNames);
  const { items = streamRoom.items, bytes = streamRoom.bytes } = room;
  return { call: { ...others, timeoutMs }, room: { items: amount('room.items', items), bytes: amount('room.bytes', bytes) } };
}

/** JSON has no Infinity; what nobody ever uses up is as good. */
function amount(name: string, value: number): number {
  if (value === Infinity) return Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(value) || value < 1) invalidOption(name, value, 'a whole number from 1, or Infinity');
  return value;
}
