import { notDone } from '../acts.ts';
import type { Act, ActResult, InspectRecord, Side } from '../records.ts';
import type { Viewer, Watchable } from '../watchable.ts';

/** Of another agent only what it tells of itself is passed on: what it has of a third is not this line's other end. */
export function asFar(records: readonly InspectRecord[]): InspectRecord[] {
  return records.filter(({ of }) => of === 'near').map((record) => ({ ...record, of: 'far' }));
}

/**
 * Both ends of a line as one thing to look at. Either may be attached while viewers look on already: a server listens before there is a
 * line.
 */
export class Sides implements Watchable {
  readonly #sources = new Map<Side, Watchable>();
  /** Who looks on, with how to stop what each is told by. */
  readonly #viewers = new Map<Viewer, { stop(): void }[]>();

  /** @param source - tells its own records as `near`; those of the far side are made to be `far`. */
  attach(side: Side, source: Watchable): void {
    this.#sources.set(side, source);
    for (const [viewer, watching] of this.#viewers) watching.push(watch(side, source, viewer));
  }

  watch(viewer: Viewer): { stop(): void } {
    const watching: { stop(): void }[] = [];
    this.#viewers.set(viewer, watching);
    for (const [side, source] of this.#sources) watching.push(watch(side, source, viewer));
    return {
      stop: () => {
        this.#viewers.delete(viewer);
        for (const one of watching.splice(0)) one.stop();
      },
    };
  }

  async act(act: Act): Promise<ActResult> {
    return this.#sources.get('near')?.act(act) ?? notDone('FORBIDDEN', 'there is no agent here to act on');
  }
}

function watch(side: Side, source: Watchable, viewer: Viewer): { stop(): void } {
  if (side === 'near') return source.watch(viewer);
  const { isReady } = viewer;
  return source.watch({ take: (records) => viewer.take(asFar(records)), ...(isReady === undefined ? {} : { isReady }) });
}
