import type { AnyActorRef } from 'xstate';
import { keepJournal, releaseJournal } from '../actors/journal.ts';
import type { Manager } from '../actors/manager.ts';
import type { Peer } from '../actors/peer.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { checkNames, optionNames } from '../transport/option-names.ts';
import { Timers, type Clock } from '../transport/timers.ts';
import { noAct, notDone } from './acts.ts';
import { EdgeIndex } from './edge-index.ts';
import { Feed, type FeedSource } from './feed.ts';
import { JournalReader } from './journal-reader.ts';
import { MessageLog } from './message-log.ts';
import { letGo, pauseFor, resume } from './pausing.ts';
import { gaugesOf, headOf, type Subject } from './present.ts';
import type { Act, ActResult } from './records.ts';
import { hiding, plain, resultLimits, shownValue } from './values.ts';
import type { Viewer, Watchable } from './watchable.ts';

/** Options of {@link createInspector}: a peer, or a manager without one, and what may be seen and done. */
export interface InspectorOptions {
  /** What is looked at. With a peer its link, its session and its counters are there too. */
  readonly peer?: Peer | undefined;
  /** In place of a peer: a manager that has none. Of a peer's own, the peer's parts are told too, and its counters are not. */
  readonly manager?: Manager | undefined;
  /** Who it is, in a few words, for who looks on; default `peer` or `manager`. */
  readonly name?: string | undefined;
  /** The agent's version, for who looks on; default none. */
  readonly version?: string | undefined;
  /** Its role, for who looks on; default none. */
  readonly role?: string | undefined;
  /** Whether messages are shown with their values; default false. It watches every message while it is attached. */
  readonly payloads?: boolean | undefined;
  /** Words in names of members whose values are hidden, besides those that always are: see `hiddenWords`. */
  readonly redact?: readonly string[] | undefined;
  /** Whether viewers may cancel jobs, call methods and pause sending; default false. */
  readonly control?: boolean | undefined;
  /**
   * How many of the latest steps are held, at least; default 262,144, which take 12 MB and, for the texts of their jobs, mostly 1 and at most 13 MB more. The first
   * inspector of a manager decides for all that are attached to it at the same time. From 1024 to 2²⁴.
   */
  readonly ringSteps?: number | undefined;
  /** How many steps a second each viewer is told at most, once it has been told the past; default 20,000. Beyond that some jobs are left out. */
  readonly stepsPerSecond?: number | undefined;
  /** When viewers are told; default: the manager's clock. */
  readonly clock?: Clock | undefined;
}

/** Who looks at a peer or a manager while it works, for viewers. */
export interface Inspector extends Watchable {
  /** Lets go of what it looks at: it costs nothing any more. Viewers are told that it is gone; what it had paused goes on. */
  stop(): void;
}

/** Milliseconds between two batches. */
const PERIOD_MS = 100;

/**
 * Attaches an inspector to a peer or a manager that runs. Any number may be attached, at any time.
 *
 * It only looks on: whatever viewers do, what it looks at does the same as without it. Throws INVALID_OPTION.
 */
export function createInspector(options: InspectorOptions): Inspector {
  return new AttachedInspector(checked(options));
}

type Checked = ReturnType<typeof checked>;

const names = optionNames<InspectorOptions>({
  peer: true,
  manager: true,
  name: true,
  version: true,
  role: true,
  payloads: true,
  redact: true,
  control: true,
  ringSteps: true,
  stepsPerSecond: true,
  clock: true,
});

function checked(options: InspectorOptions) {
  checkNames('options', options, names);
  const { peer, version = '', role, payloads = false, redact = [], control = false } = options;
  const { ringSteps = 2 ** 18, stepsPerSecond = 20_000, name = peer === undefined ? 'manager' : 'peer' } = options;
  const manager = options.manager ?? peer?.manager;
  if (manager === undefined || (options.manager !== undefined && peer !== undefined))
    invalidOption('peer', peer, 'a peer, or a manager in its place');
  for (const [option, text] of Object.entries({ name, version, ...(role === undefined ? undefined : { role }) }))
    if (typeof text !== 'string' || text.length > 200) invalidOption(option, text, 'a text of up to 200 characters');
  for (const [option, flag] of Object.entries({ payloads, control }))
    if (typeof flag !== 'boolean') invalidOption(option, flag, 'true or false');
  if (payloads && peer === undefined) invalidOption('payloads', payloads, 'false for a manager without peer, which has no messages');
  if (!Array.isArray(redact) || !redact.every((word) => typeof word === 'string' && plain(word) !== ''))
    invalidOption('redact', redact, 'a list of words');
  if (!Number.isInteger(ringSteps) || ringSteps < 1024 || ringSteps > 2 ** 24)
    invalidOption('ringSteps', ringSteps, 'a whole number from 1024 to 16777216');
  if (!Number.isInteger(stepsPerSecond) || stepsPerSecond < 100) invalidOption('stepsPerSecond', stepsPerSecond, 'a whole number from 100');
  const clock = options.clock ?? manager.timers.clock;
  return { peer, manager, name, version, role, payloads, control, hides: hiding(redact), ringSteps, stepsPerSecond, clock };
}

class AttachedInspector implements Inspector {
  readonly #options: Checked;
  readonly #subject: Subject;
  readonly #source: FeedSource;
  readonly #timers: Timers;
  readonly #feeds = new Set<Feed>();
  readonly #watching: { unsubscribe(): void }[] = [];
  /** Whether the next turn has been arranged. */
  #isDue = false;
  /** Why nothing more happens, once that is so. */
  #gone: string | undefined;
  #isStopped = false;

  constructor(options: Checked) {
    const { manager, peer, hides, ringSteps, clock, payloads } = options;
    this.#options = options;
    this.#timers = new Timers(clock);
    const journal = keepJournal(manager, ringSteps);
    this.#subject = { manager, peer, journal };
    const reader = new JournalReader(journal, new EdgeIndex(journal.charts));
    const messages = new MessageLog(journal, hides);
    this.#source = { reader, messages, head: () => headOf(this.#subject, options), gauges: () => gaugesOf(this.#subject) };
    if (payloads) this.#watching.push((peer as Peer).messages$.subscribe((message) => messages.add(message)));
    const ended = (): void => this.#ended('it has ended');
    // A peer closes its line after its manager has closed.
    const ref: AnyActorRef = peer?.ref ?? manager.ref;
    if (ref.getSnapshot().status === 'active') this.#watching.push(ref.subscribe({ complete: ended, error: ended }));
    else this.#gone = 'it has ended';
  }

  watch(viewer: Viewer): { stop(): void } {
    if (this.#isStopped) throw new VirtagentError('STOPPED', 'this inspector has been stopped');
    const feed = new Feed(this.#source, viewer, Math.ceil((this.#options.stepsPerSecond * PERIOD_MS) / 1000));
    this.#feeds.add(feed);
    feed.begin();
    this.#arrange(0);
    return { stop: () => void this.#feeds.delete(feed) };
  }

  async act(act: Act): Promise<ActResult> {
    if (!this.#options.control) return notDone('FORBIDDEN', 'this inspector only looks on: give it control');
    if (this.#isStopped || this.#gone !== undefined) return notDone('STOPPED', this.#gone ?? 'this inspector has been stopped');
    try {
      return await this.#do(act);
    } catch (error) {
      if (error instanceof VirtagentError) return notDone(error.code, error.message);
      return notDone('HANDLER_FAILED', 'the act failed');
    }
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    letGo(this, this.#subject.manager);
    for (const feed of this.#feeds) feed.end(this.#gone ?? 'the inspector was stopped');
    this.#feeds.clear();
    for (const one of this.#watching) one.unsubscribe();
    this.#timers.clear();
    releaseJournal(this.#subject.manager);
  }

  async #do(act: Act): Promise<ActResult> {
    const { manager, peer } = this.#subject;
    switch (act.do) {
      case 'cancel':
        return this.#cancel(act.job);
      case 'call': {
        if (peer === undefined) return notDone('UNSUPPORTED', 'a manager by itself calls no methods');
        const { method, params, urgency } = act;
        const value = await peer.call(method, params, urgency === undefined ? {} : { urgency });
        return { ok: true, value: shownValue(value, this.#options.hides, resultLimits) };
      }
      case 'pause':
        pauseFor(this, manager);
        return { ok: true };
      case 'resume':
        resume(manager);
        return { ok: true };
      default:
        return notDone('INVALID_OPTION', noAct(act));
    }
  }

  #cancel(number: number): ActResult {
    const entry = this.#subject.journal.source.table.all().find(({ ref }) => ref.seq === number);
    if (entry === undefined) return notDone('INVALID_OPTION', `there is no live job ${number}`);
    entry.cancel(new VirtagentError('CANCELLED', 'cancelled from an inspector'));
    return { ok: true };
  }

  #ended(reason: string): void {
    this.#gone = reason;
    this.#arrange(0);
  }

  #arrange(ms: number): void {
    if (this.#isDue || this.#feeds.size === 0) return;
    this.#isDue = true;
    this.#timers.start(ms, () => {
      this.#isDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    let hasMore = false;
    for (const feed of this.#feeds) {
      if (this.#gone !== undefined) feed.end(this.#gone);
      else if (!feed.turn()) hasMore = true;
      if (feed.isOver) this.#feeds.delete(feed);
    }
    this.#arrange(hasMore ? 0 : PERIOD_MS);
  }
}
