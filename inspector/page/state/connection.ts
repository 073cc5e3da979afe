import { Model } from '../../model.ts';
import type { InspectRecord } from '../../records.ts';
import type { Store } from './store.ts';

/** Pauses before the next attempt where the browser makes none of its own, in milliseconds. */
const pauses = { first: 1_000, last: 10_000 } as const;

/**
 * Reads the agent's records as they come, for as long as the page is open. When the agent has gone, what is there stays there; when it
 * is there again it tells its past anew, and that takes its place once it is whole.
 */
export class Connection {
  readonly #store: Store;
  #events: EventSource | undefined = undefined;
  #retry: ReturnType<typeof setTimeout> | undefined = undefined;
  #pause: number = pauses.first;
  /** What of the agent's was shown last. */
  #shown: Model | undefined = undefined;
  /** What the agent has told since it was connected. */
  #model = new Model();

  constructor(store: Store) {
    this.#store = store;
  }

  open(): void {
    this.close();
    const events = new EventSource('records');
    this.#events = events;
    if (this.#store.source.type !== 'agent') this.#store.set({ source: { type: 'agent', state: 'connecting', since: performance.now() } });
    events.addEventListener('open', () => {
      this.#model = new Model();
      this.#pause = pauses.first;
      this.#say('past');
    });
    events.addEventListener('message', ({ data }: MessageEvent<string>) => this.#take(JSON.parse(data) as InspectRecord[]));
    events.addEventListener('error', () => {
      this.#say('gone');
      if (events.readyState !== EventSource.CLOSED) return;
      void this.#sayWhoAnswers(events);
      this.#retry = setTimeout(() => this.open(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, pauses.last);
    });
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#events?.close();
    this.#events = undefined;
  }

  #take(records: readonly InspectRecord[]): void {
    for (const record of records) {
      this.#model.add(record);
      if (record.type === 'live' && record.of === 'near') this.#isWhole();
    }
    if (this.#store.model === this.#model) this.#store.received();
  }

  /** All of the past is here: it is what is shown from now on. */
  #isWhole(): void {
    this.#say('live');
    const before = this.#shown;
    if (before === this.#model) return;
    this.#shown = this.#model;
    if (before !== undefined && isAnotherRun(before, this.#model)) this.#store.earlier = before;
    // A moment that is looked at stays, where it is one of the same agent.
    const isSame = before === this.#store.model && !isAnotherRun(before, this.#model);
    this.#store.show(this.#model, this.#store.source, isSame ? this.#store.cursor : 'live');
  }

  #say(state: 'past' | 'live' | 'gone'): void {
    const { source } = this.#store;
    if (source.type !== 'agent' || source.state === state) return;
    const announcement = state === 'gone' ? 'The agent has gone' : state === 'live' ? 'Connected to the agent' : '';
    const since = performance.now();
    this.#store.set({
      source: state === 'gone' ? { type: 'agent', state, since, isOther: false } : { type: 'agent', state, since },
      announcement,
    });
  }

  /** Each agent makes a token of its own when it starts, so that the next one at this port refuses the address of the one before. */
  async #sayWhoAnswers(events: EventSource): Promise<void> {
    const isOther = await fetch('./', { cache: 'no-store' }).then(
      ({ status }) => status === 403,
      () => false,
    );
    const { source } = this.#store;
    if (this.#events !== events || source.type !== 'agent' || source.state !== 'gone' || source.isOther === isOther) return;
    const announcement = isOther ? 'Another agent answers there' : '';
    this.#store.set({ source: { ...source, isOther }, announcement });
  }
}

function isAnotherRun(before: Model, now: Model): boolean {
  const [one, another] = [before.side('near')?.head, now.side('near')?.head];
  return one !== undefined && another !== undefined && (one.epoch !== another.epoch || one.agent.pid !== another.agent.pid);
}
