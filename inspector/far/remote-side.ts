import { realClock, type Clock } from '../../transport/timers.ts';
import { notDone } from '../acts.ts';
import { watchRemote } from '../remote.ts';
import type { ActResult } from '../records.ts';
import type { Viewer, Watchable } from '../watchable.ts';

/** Another agent's inspector as something to look at: each viewer gets its past, by a connection of its own. */
export class RemoteSide implements Watchable {
  readonly #address: URL;
  readonly #trouble: (reason: string, isFinal: boolean) => void;
  readonly #clock: Clock;

  /** @param trouble - told why that inspector can't be reached; `isFinal`: it is not tried again. */
  constructor(address: URL, trouble: (reason: string, isFinal: boolean) => void, clock: Clock = realClock) {
    this.#address = address;
    this.#trouble = trouble;
    this.#clock = clock;
  }

  watch(viewer: Viewer): { stop(): void } {
    return watchRemote(
      this.#address,
      {
        take: (records) => viewer.take(records),
        isReady: () => viewer.isReady?.() ?? true,
        lost: (reason, isFinal) => {
          viewer.take([{ type: 'gone', of: 'near', at: 0, reason }]);
          this.#trouble(reason, isFinal);
        },
      },
      this.#clock,
    );
  }

  /** It looks on: whoever wants to act does it there. */
  async act(): Promise<ActResult> {
    return notDone('FORBIDDEN', 'only the agent at this end can be acted on');
  }
}
