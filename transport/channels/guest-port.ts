import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Subscription } from 'rxjs/internal/Subscription';
import { quote, VirtagentError } from '../errors.ts';
import { Timers, type Clock } from '../timers.ts';
import { abortable } from './abortable.ts';
import { bounds } from './bounds.ts';
import { keepTrying, paused } from './keep-trying.ts';
import { findChardev, heldByAnother, type Chardev, type ChardevAddress } from './qemu-chardevs.ts';
import { connectQmp, type Qmp, type QmpAddress, type QmpEvent } from './qmp.ts';

/** Whose port it is. */
export interface GuestPortOptions {
  /** The channel's name, for messages. */
  readonly name: string;
  readonly where: ChardevAddress;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly onWarning?: ((error: VirtagentError) => void) | undefined;
}

/**
 * The guest's end of a chardev, as QEMU's monitor tells of it: whether it is open, and that it was closed. One session
 * with the monitor is kept, for it serves one program at a time.
 */
export class GuestPort {
  readonly #address: QmpAddress;
  readonly #options: GuestPortOptions;
  readonly #timers: Timers;
  readonly #closing = new AbortController();
  #qmp: Qmp | undefined;
  /** What open() waits for. */
  #awaits = 'QMP has not answered';

  constructor(address: QmpAddress, options: GuestPortOptions) {
    this.#address = address;
    this.#options = options;
    this.#timers = new Timers(options.clock);
    // Each look listens to it while it is under way, and a machine that is reset tells of all its ports at once.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Why open() has not come to an end. */
  stuck(): VirtagentError {
    return new VirtagentError('CHANNEL_REFUSED', `${this.#options.name}: ${this.#awaits}`);
  }

  /** Resolves when nobody else is connected and the guest has its end open; unless `waits`, rejects when it has not. */
  async opened(signal: AbortSignal, waits: boolean): Promise<void> {
    this.#awaits = 'QMP has not answered';
    const qmp = await this.#session(signal);
    for (let pause = 1; ; pause *= 2) {
      const change = nextChange(qmp, this.#timers, signal);
      try {
        const { isHeld, isOpen } = await this.#look(qmp, signal);
        if (isOpen && !isHeld) return;
        if (isHeld && pause > bounds.chardevFreeMs) throw heldByAnother(this.#options.name);
        this.#awaits = isHeld
          ? 'another program is connected there'
          : 'the guest has not opened its port: its agent does not run, or uses another port';
        if (isHeld) await paused(this.#timers, pause, signal);
        else if (waits) await change.promise;
        else throw this.stuck();
      } finally {
        change.stop();
      }
    }
  }

  /** Ends the line when the guest closes its end. */
  watch(line: Duplex): void {
    const opened = this.#timers.clock.now();
    const ended = new AbortController();
    let events: Subscription | undefined;
    line.once('close', () => {
      ended.abort();
      events?.unsubscribe();
    });
    const end = (text: string): void => {
      if (!ended.signal.aborted) line.destroy(new VirtagentError('LINE_LOST', `${this.#options.name}: ${text}`));
    };
    /** More news at once than the monitor may be asked about: how it stands is seen a moment later. */
    const lookLater = (qmp: Qmp) => async (): Promise<void> => {
      const { isOpen } = await paused(this.#timers, bounds.tryFirstMs, ended.signal)
        .then(async () => this.#look(qmp, ended.signal))
        .catch(() => ({ isOpen: true }));
      if (!isOpen) end('the guest closed its port');
    };
    const listen = (qmp: Qmp): void => {
      events = qmp.events$.subscribe({
        next: (event) => void this.#judge(qmp, event, opened).then((text) => text !== undefined && end(text), lookLater(qmp)),
        complete: () => void regain(qmp).catch(ignore),
      });
    };
    const regain = async (lost: Qmp): Promise<void> => {
      // A QEMU that ends takes the line with it: then there is nothing to regain.
      await paused(this.#timers, bounds.tryFirstMs, ended.signal);
      if (this.#closing.signal.aborted) return;
      const why = lost.reason?.message ?? 'QMP was lost';
      this.#options.onWarning?.(new VirtagentError('LINE_LOST', `${why}; until it is back nothing tells when the guest closes its port`));
      const again = async (signal: AbortSignal): Promise<Qmp> => {
        const qmp = await this.#session(signal);
        const { isOpen } = await this.#look(qmp, signal);
        if (!isOpen) end('the guest closed its port');
        return qmp;
      };
      const { clock, random } = this.#options;
      const qmp = await keepTrying(again, () => this.stuck(), ended.signal, { waitMs: Infinity, clock, random });
      if (!ended.signal.aborted) listen(qmp);
    };
    if (this.#qmp !== undefined) listen(this.#qmp);
  }

  /** Lets go of the monitor. */
  close(): void {
    this.#closing.abort(new VirtagentError('STOPPED', 'the channel was closed'));
    this.#timers.clear();
    this.#qmp?.close();
  }

  async #session(signal: AbortSignal): Promise<Qmp> {
    if (this.#qmp !== undefined && this.#qmp.reason === undefined) return this.#qmp;
    const own = new AbortController();
    const abort = (): void => own.abort(signal.aborted ? signal.reason : this.#closing.signal.reason);
    for (const one of [signal, this.#closing.signal]) {
      if (one.aborted) abort();
      one.addEventListener('abort', abort, { once: true });
    }
    try {
      const qmp = await connectQmp(this.#address, own.signal, { clock: this.#options.clock });
      // Given up between its coming and this turn: nobody would let go of it.
      if (own.signal.aborted) qmp.close();
      own.signal.throwIfAborted();
      this.#qmp = qmp;
      return qmp;
    } finally {
      for (const one of [signal, this.#closing.signal]) one.removeEventListener('abort', abort);
    }
  }

  async #look(qmp: Qmp, signal: AbortSignal): Promise<Chardev> {
    const { name, where } = this.#options;
    const answer = await abortable<unknown>(signal, (resolve, reject) => {
      qmp.execute('query-chardev').then(resolve, (error: VirtagentError) => {
        // As an error of opening, which is tried again.
        reject(new VirtagentError('CHANNEL_FAILED', `${name}: ${error.message}`, { cause: error }));
      });
      return () => {};
    });
    return findChardev(name, answer, where);
  }

  /** Why the line is to end, if that is what an event means. */
  async #judge(qmp: Qmp, { event, data }: QmpEvent, opened: number): Promise<string | undefined> {
    if (event !== 'VSERPORT_CHANGE' && event !== 'DEVICE_DELETED') return undefined;
    const now = this.#timers.clock.now();
    const { signal } = this.#closing;
    const ours = await this.#look(qmp, signal);
    if (!ours.isOpen) return 'the guest closed its port';
    if (event === 'DEVICE_DELETED' || typeof data['id'] !== 'string') return undefined;
    // It is open, but may have been closed meanwhile; so may another port of the same QEMU.
    const property = { path: `/machine/peripheral/${data['id']}`, property: 'chardev' };
    const label = await qmp.execute('qom-get', property).catch(() => undefined);
    if (label !== ours.label || (data['open'] === true && now - opened < bounds.portNewsMs)) return undefined;
    return 'the guest closed its port and opened it again';
  }
}

/**
 * The next news of any port; a session that ends is news too, as an error. A device without an id makes none, so after a
 * second it is time to look anyway.
 */
function nextChange(qmp: Qmp, timers: Timers, signal: AbortSignal): { readonly promise: Promise<void>; readonly stop: () => void } {
  const own = new AbortController();
  const abort = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const promise = abortable<void>(own.signal, (resolve, reject) => {
    const events = qmp.events$.subscribe({
      next: ({ event }) => event === 'VSERPORT_CHANGE' && resolve(),
      complete: () => {
        const why = qmp.reason?.message ?? quote(qmp.name);
        reject(new VirtagentError('CHANNEL_FAILED', why, { cause: qmp.reason }));
      },
    });
    const timer = timers.start(bounds.tryLastMs, () => resolve());
    const undo = (): void => {
      events.unsubscribe();
      timers.cancel(timer);
    };
    own.signal.addEventListener('abort', undo, { once: true });
    return undo;
  });
  promise.catch(ignore);
  const stop = (): void => {
    signal.removeEventListener('abort', abort);
    own.abort();
  };
  return { promise, stop };
}

function ignore(): void {}
