import { Model, type JobTrack, type View } from '../../model.ts';
import type { RecordingProblem } from '../../recording.ts';
import type { Side } from '../../records.ts';
import { everyJob, type JobFilter, type JobOrder } from './job-filter.ts';

export type Tab = 'charts' | 'jobs' | 'timeline' | 'sequence';

/** Where the records come from, and how that stands. */
export type Source =
  | { readonly type: 'agent'; readonly state: 'connecting' | 'past' | 'live'; readonly since: number }
  | {
      readonly type: 'agent';
      readonly state: 'gone';
      readonly since: number;
      /** Somebody answers there who does not know the address: an agent that was started anew, for one. */
      readonly isOther: boolean;
    }
  | {
      readonly type: 'recording';
      readonly name: string;
      /** The first of what could not be read, and how many lines that were in all. */
      readonly problems: readonly RecordingProblem[];
      readonly unread: number;
    };

/** What the page shows, and of which moment. Views read it and are drawn again when it has changed. */
export class Store {
  model = new Model();
  source: Source = { type: 'agent', state: 'connecting', since: performance.now() };
  /** What was told before the agent began anew, if it did while the page was open. */
  earlier: Model | undefined = undefined;
  /** The file that was to be opened last, if it is no recording. */
  unreadable: { readonly name: string; readonly why: string } | undefined = undefined;
  /** A moment of the near side; `live`: now. */
  cursor: number | 'live' = 'live';
  tab: Tab = 'charts';
  side: Side = 'near';
  selected: JobTrack | undefined = undefined;
  filter: JobFilter = everyJob;
  order: { readonly by: JobOrder; readonly descending: boolean } = { by: 'began', descending: true };
  /** Said once to who does not see the page. */
  announcement = '';
  /** The last moment that each side has told of, and when that was here. */
  readonly #told = new Map<Side, { readonly last: number; readonly here: number }>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes what is shown, as somebody asked: it is drawn at once. */
  set(
    change: Partial<Pick<Store, 'tab' | 'side' | 'selected' | 'filter' | 'order' | 'cursor' | 'source' | 'announcement' | 'unreadable'>>,
  ): void {
    Object.assign(this, change);
    this.#tell();
  }

  /** Another model takes the place of this one; what was selected is of nothing any more. */
  show(model: Model, source: Source, cursor: number | 'live'): void {
    this.model = model;
    this.source = source;
    this.unreadable = undefined;
    this.cursor = cursor;
    this.selected = undefined;
    if (model.side(this.side) === undefined) this.side = 'near';
    this.received();
    this.#tell();
  }

  /** Records have come: what shows them is drawn ten times a second at most. */
  received(): void {
    for (const of of this.model.sides) {
      const last = this.model.side(of)?.last ?? 0;
      if (this.#told.get(of)?.last !== last) this.#told.set(of, { last, here: performance.now() });
    }
    this.#timer ??= setTimeout(() => this.#tell(), 100);
  }

  get isLive(): boolean {
    return this.cursor === 'live';
  }

  /** Whether things happen now: the agent is there, and what it tells of goes on. A recording that is replayed is over. */
  get isHappening(): boolean {
    const { source, model } = this;
    return source.type === 'agent' && source.state === 'live' && model.viewAt('near', 'live')?.gone === undefined;
  }

  /** A side at the moment that is shown. */
  view(of: Side = this.side): View | undefined {
    return this.model.viewAt(of, this.cursor === 'live' ? 'live' : this.model.timeOf(of, this.cursor));
  }

  /** What time it is at a side in the moment that is shown: while it is live time goes on between records. */
  now(of: Side): number {
    if (this.cursor !== 'live') return this.model.timeOf(of, this.cursor);
    const last = this.model.side(of)?.last ?? 0;
    const isRunning = this.source.type === 'agent' && this.source.state === 'live' && this.model.viewAt(of, 'live')?.gone === undefined;
    return isRunning ? last + performance.now() - (this.#told.get(of)?.here ?? performance.now()) : last;
  }

  /** Stops at the moment that is shown, or goes on with what happens now. */
  setPaused(paused: boolean): void {
    if (paused === !this.isLive) return;
    this.set({ cursor: paused ? (this.model.side('near')?.last ?? 0) : 'live', announcement: paused ? 'Paused' : 'Live' });
  }

  /** To the step before or after the moment that is shown, whichever side took it. */
  stepBy(direction: -1 | 1): void {
    const at = this.cursor === 'live' ? Infinity : this.cursor;
    let best: number | undefined;
    for (const of of this.model.sides) {
      const side = this.model.side(of);
      const own = this.model.timeOf(of, at);
      const step = direction < 0 ? side?.stepBefore(own) : side?.stepAfter(own);
      if (step === undefined) continue;
      const near = this.model.nearTime(of, step.at);
      // What rounding makes of the same moment is not another.
      if (direction < 0 ? near >= at : near <= at) continue;
      if (best === undefined || (near - best) * direction < 0) best = near;
    }
    if (best !== undefined) this.set({ cursor: best });
    else if (direction > 0 && this.source.type === 'agent') this.setPaused(false);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const listener of this.#listeners) listener();
  }
}
