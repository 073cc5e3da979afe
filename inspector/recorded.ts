import { realClock, type Clock } from '../transport/timers.ts';
import { notDone } from './acts.ts';
import type { Recording } from './recording.ts';
import type { ActResult, InspectRecord, Side } from './records.ts';
import type { Viewer, Watchable } from './watchable.ts';

/** Records that are told in one turn of the event loop. */
const AT_ONCE = 500;

/** How often it is looked whether a viewer has caught up, in milliseconds. */
const LOOK_MS = 20;

/** A recording as something to look at: all of it is past, and each side has gone at its end. Nothing of it is left out. */
export class Recorded implements Watchable {
  readonly #records: readonly InspectRecord[];
  readonly #clock: Clock;

  constructor(recording: Recording, clock: Clock = realClock) {
    this.#records = [...recording.records, ...endings(recording)];
    this.#clock = clock;
  }

  watch(viewer: Viewer): { stop(): void } {
    let next = 0;
    let timer: unknown;
    const tell = (): void => {
      if (viewer.isReady?.() !== false) {
        viewer.take(this.#records.slice(next, next + AT_ONCE));
        next += AT_ONCE;
      }
      if (next < this.#records.length) timer = this.#clock.setTimeout(tell, viewer.isReady?.() === false ? LOOK_MS : 0);
    };
    tell();
    return { stop: () => this.#clock.clearTimeout(timer) };
  }

  /** What is over can't be acted on. */
  async act(): Promise<ActResult> {
    return notDone('FORBIDDEN', 'this is a recording');
  }
}

/** That each side's recording ends, unless it says so itself and was read as a whole. */
function endings({ records, unread }: Recording): InspectRecord[] {
  const last = new Map<Side, InspectRecord>(records.map((record) => [record.of, record]));
  const reason = unread === 0 ? 'the recording ends here' : `the recording ends here; ${unread} of its lines could not be read`;
  return [...last].flatMap(([of, record]) => [
    // A side that was recorded while its past was still being told is shown all the same.
    ...(records.some((one) => one.of === of && one.type === 'live') ? [] : [{ type: 'live', of, at: record.at } as const]),
    ...(record.type === 'gone' && unread === 0 ? [] : [{ type: 'gone', of, at: record.at, reason } as const]),
  ]);
}
