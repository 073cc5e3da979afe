import { MethodError, type HandlerContext } from '../../actors/methods.ts';
import { VirtagentError } from '../../transport/errors.ts';
import { realClock, type Clock } from '../../transport/timers.ts';
import { recordsVersion, type InspectRecord } from '../records.ts';
import type { Watchable } from '../watchable.ts';
import { ShareOutbox } from './share-outbox.ts';

/** Between two items: a person looks on, and other work goes first. */
const PERIOD_MS = 250;

/** How many of the other side may ask at once: one looks on, and another after a lost line. */
const MOST_SHARES = 2;

/** A negated EBUSY: no other call is to wait for that. */
const BUSY = -16;

/**
 * The method by which the other side asks for this side's records: a stream of lists of them, for as long as it is read. Only who has
 * been given leave to share has it. The inspector should tell little: it goes over the line that it looks at.
 */
export function shareRecords(
  inspector: Watchable,
  clock: Clock = realClock,
): (params: unknown, context: Pick<HandlerContext, 'signal' | 'protocol'>) => AsyncGenerator<readonly InspectRecord[]> {
  let shares = 0;
  return (params, { signal, protocol }) => {
    const version = (params as { readonly version?: unknown } | undefined)?.version;
    if (version !== recordsVersion)
      throw new VirtagentError('INVALID_PARAMS', `records of version ${recordsVersion} are told here, and no other`);
    if (protocol !== 'virtagent-2') throw new VirtagentError('INVALID_PARAMS', 'records are streamed, for which it takes virtagent-2');
    if (shares >= MOST_SHARES) throw new MethodError('the other side is being told already', { code: BUSY });
    shares++;
    return tell(inspector, signal, clock, () => shares--);
  };
}

async function* tell(inspector: Watchable, signal: AbortSignal, clock: Clock, over: () => void): AsyncGenerator<readonly InspectRecord[]> {
  const outbox = new ShareOutbox();
  const watching = inspector.watch({ take: (records) => outbox.take(records), isReady: () => outbox.isReady });
  try {
    while (!signal.aborted) {
      const records = outbox.next(clock.now());
      if (records !== undefined) yield records;
      if (outbox.isReady) await pause(PERIOD_MS, signal, clock);
    }
  } finally {
    watching.stop();
    over();
  }
}

function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
