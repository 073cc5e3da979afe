import type { Peer } from '../../actors/peer.ts';
import { VirtagentError } from '../../transport/errors.ts';
import { realClock, type Clock } from '../../transport/timers.ts';
import { notDone } from '../acts.ts';
import { recordFrom } from '../record-check.ts';
import { recordsVersion, type ActResult, type InspectRecord } from '../records.ts';
import type { Viewer, Watchable } from '../watchable.ts';
import { Present } from './present.ts';
import { shareMethod } from './share-outbox.ts';

/** What may be on its way of the other side's records. */
const room = Object.freeze({ items: 4, bytes: 256 * 1024 });

/** Records of one item that are taken. */
const MOST_IN_ITEM = 10_000;

/** After a failure that may pass it is asked again, this much later, if the line is still there. */
const AGAIN_MS = 5_000;

interface LineViewer {
  readonly viewer: Viewer;
  /** It was not ready: it begins anew when it is. */
  isBehind: boolean;
}

/**
 * The other end of the line, by what it tells over the line itself: asked for at the lowest urgency, once for all viewers, while there
 * are any, and again on each line. It has no past: a viewer is told how that side is, and then what happens.
 */
export class LineSide implements Watchable {
  readonly #peer: Peer;
  readonly #trouble: (error: VirtagentError) => void;
  readonly #clock: Clock;
  readonly #viewers = new Set<LineViewer>();
  readonly #linked: { unsubscribe(): void };
  #present = new Present();
  #asking: AbortController | undefined;
  #timer: unknown;

  /** @param trouble - told why the other side tells nothing: METHOD_NOT_FOUND where it has not been given leave. */
  constructor(peer: Peer, trouble: (error: VirtagentError) => void, clock: Clock = realClock) {
    this.#peer = peer;
    this.#trouble = trouble;
    this.#clock = clock;
    this.#linked = peer.link$.subscribe(({ state }) => {
      if (state === 'up') this.#ask();
    });
  }

  watch(viewer: Viewer): { stop(): void } {
    const one: LineViewer = { viewer, isBehind: false };
    this.#viewers.add(one);
    const past = this.#present.records();
    if (past.length > 0) viewer.take(past);
    if (this.#peer.link === 'up') this.#ask();
    return {
      stop: () => {
        this.#viewers.delete(one);
        if (this.#viewers.size === 0) this.#leave();
      },
    };
  }

  /** It looks on: whoever wants to act does it there. */
  async act(): Promise<ActResult> {
    return notDone('FORBIDDEN', 'only the agent at this end can be acted on');
  }

  /** Asks no more. */
  stop(): void {
    this.#viewers.clear();
    this.#linked.unsubscribe();
    this.#leave();
  }

  #leave(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #ask(): void {
    if (this.#viewers.size === 0 || this.#asking !== undefined) return;
    this.#clock.clearTimeout(this.#timer);
    const asking = new AbortController();
    this.#asking = asking;
    void this.#read(asking.signal).catch((error: unknown) => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      this.#failed(
        error instanceof VirtagentError ? error : new VirtagentError('HANDLER_FAILED', 'reading records failed', { cause: error }),
      );
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const item of this.#peer.stream(shareMethod, { version: recordsVersion }, { urgency: 0, room, signal })) this.#take(item);
    throw new VirtagentError('LINE_LOST', 'the other side tells no more');
  }

  #take(item: unknown): void {
    if (!Array.isArray(item) || item.length > MOST_IN_ITEM) return;
    const records = item.map(recordFrom).filter((record) => record !== undefined && record.of === 'near') as InspectRecord[];
    for (const record of records) this.#present.take(record);
    this.#tell(records);
  }

  #tell(records: readonly InspectRecord[]): void {
    for (const one of this.#viewers) {
      const isReady = one.viewer.isReady?.() ?? true;
      if (isReady) one.viewer.take(one.isBehind ? this.#present.records() : records);
      one.isBehind = !isReady;
    }
  }

  #failed(error: VirtagentError): void {
    const gone: InspectRecord = { type: 'gone', of: 'near', at: 0, reason: error.message.slice(0, 200) };
    this.#present.take(gone);
    this.#tell([gone]);
    this.#trouble(error);
    const isFinal = error.code === 'METHOD_NOT_FOUND' || error.code === 'UNSUPPORTED' || error.code === 'STOPPED';
    if (!isFinal) this.#timer = this.#clock.setTimeout(() => this.#peer.link === 'up' && this.#ask(), AGAIN_MS);
  }
}
