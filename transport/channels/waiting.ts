import { invalidOption, VirtagentError } from '../errors.ts';
import type { Channel } from './channel.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { makeChannel } from './make-channel.ts';

/**
 * A channel whose open() waits for what is not there yet, `waitMs` at most: it tries again with growing pauses while the
 * error is one that can pass by itself. Of a channel that waits by itself the waiting is bounded.
 */
export function waitingChannel(channel: Channel, patience: Patience): Channel {
  checkWaitMs(patience.waitMs);
  return makeChannel({
    name: () => channel.name,
    reopens: channel.reopens,
    halfOpen: channel.halfOpen ?? false,
    open(signal) {
      const nobody = new VirtagentError('CHANNEL_FAILED', `${channel.name}: there is nobody at the other end yet`);
      return keepTrying(
        (until) => channel.open(until),
        (last) => last ?? nobody,
        signal,
        patience,
      );
    },
    close: () => channel.close(),
  });
}

/** Throws INVALID_OPTION. */
export function checkWaitMs(waitMs: unknown): void {
  if (typeof waitMs !== 'number' || !(waitMs >= 0)) invalidOption('waitMs', waitMs, 'milliseconds from 0, or Infinity');
}
