import { smallestMaxFrame } from '../codecs/virtagent-2-frames.ts';
import { leastV2Limits, sessionLimits, type SessionLimits } from '../limits.ts';
import { COUNT_MODULUS } from './numbers.ts';

/** The limits of a side, from what it has announced. */
export function heardLimits(said: Readonly<Record<string, number>>): SessionLimits {
  const limits = { ...sessionLimits, ...said };
  return {
    ...limits,
    // What it can't mean: as much as every side takes, and no more than the digits on the wire can say.
    frame: Math.max(smallestMaxFrame, limits.frame),
    message: Math.min(Math.max(leastV2Limits.maxMessageBytes, limits.message), COUNT_MODULUS - 1),
    depth: Math.max(leastV2Limits.maxDepth, limits.depth),
    method: Math.max(leastV2Limits.maxMethodLength, limits.method),
    messages: Math.min(Math.max(1, limits.messages), sessionLimits.messages),
  };
}
