import { sessionBounds, sessionLimits } from '../transport/limits.ts';
import { SteadyMap } from '../transport/steady-map.ts';
import { durations } from '../transport/timers.ts';
import type { ItemMessage, ProgressMessage, RejectedMessage, ResponseMessage, Tag, WireError } from '../transport/messages.ts';
import { JOB_CHARGE } from './call.ts';
import { Latest } from './latest.ts';
import type { Job } from './manager.ts';
import type { KnownOfCall, MethodDefinition } from './methods.ts';
import type { NoticeOptions, Outgoing, OutgoingHost } from './outgoing.ts';
import { ServerWork, type Asked } from './server-work.ts';

/** What the requests of the other side need of a peer. */
export interface IncomingHost extends OutgoingHost {
  readonly outgoing: Outgoing;
  /** A method of this side, or of the greeting. */
  methodNamed(name: string): MethodDefinition | undefined;
  readonly maxNestedCalls: number;
  readonly maxOwedBytes: number;
  readonly maxServerBytes: number;
  /** Counts a notification that nobody took. */
  onUnclaimed(): void;
}

/** How much in a row is answered that is no message and names no request. */
const MOST_NONSENSE = 16;

/** The requests of the other side: a server job each. */
export class Incoming {
  readonly #host: IncomingHost;
  /** Jobs by the peer's tag, for what it says of them; it may use one twice. */
  readonly #byTag = new SteadyMap<Tag, ServerWork[]>();
  /** Tags of the requests that were answered last (virtagent-2). */
  readonly #answered = new Latest(sessionBounds.answered);
  /**
   * Those whose results are streamed, until they are over or given up: who leaves one may begin another, while the answer to the one that
   * was left waits to be sent. That sends no more items; its handler keeps its slot, and its charge, until it returns.
   */
  readonly #streams = new Set<ServerWork>();
  /** Bytes of answers that the stream has not taken, with a charge for each. */
  owedBytes = 0;
  onOwed: (() => void) | undefined;
  /** How much has come since the last message that was none. */
  #nonsense = 0;

  constructor(host: IncomingHost) {
    this.#host = host;
  }

  /** A request or a notification: it becomes a server job, or is refused. */
  take(message: Asked): void {
    this.#nonsense = 0;
    const tag = message.type === 'request' ? message.tag : undefined;
    const work = new ServerWork(this, this.#host, message);
    const { remainingMs = Infinity, urgency = 1 } = message.type === 'request' ? message : {};
    if (remainingMs <= 0) {
      work.release();
      return this.refuse(tag, { code: 'EXPIRED', message: `its deadline had passed by ${Math.round(-remainingMs)} ms when it came` });
    }
    if (work.wantsItems && this.#streams.size >= sessionLimits.streams) {
      work.release();
      return this.refuse(tag, { code: 'BUSY', message: `${this.#streams.size} streamed results are being sent, the most at once` });
    }
    const charge = message.bytes + JOB_CHARGE;
    const { maxServerBytes } = this.#host;
    if (charge > maxServerBytes) {
      // There is no use in asking again.
      const text = `a request of ${message.bytes} bytes is charged ${charge}, and maxServerBytes is ${maxServerBytes}`;
      return this.#turnDown(work, { code: 'MESSAGE_TOO_LARGE', message: text, known: 'refused' });
    }
    const added = this.#host.manager.addServer({
      tag: String(tag ?? ''),
      method: message.method,
      urgency,
      bytes: charge,
      answers: message.type === 'request',
      timeoutMs: remainingMs + durations.deadlineSlack,
      operations: work,
    });
    if (!added.ok) {
      this.#turnDown(work, { code: added.error.code === 'BUSY' ? 'BUSY' : 'STOPPING', message: added.error.message });
    } else if (this.#host.protocol.cancels && message.type === 'request') {
      // A handler that returned at once may have been answered by now.
      if (work.isOver) this.#hasAnswered(tag);
      else this.#remember(tag, added.job, work);
    }
  }

  /**
   * What came is no message. Whose it was is not known mostly, and then not each is answered: who takes answers for something else, as a
   * shell does, or a terminal that echoes them in other words, would be answered without end.
   */
  reject({ tag, error }: RejectedMessage): void {
    if (tag === null && ++this.#nonsense > MOST_NONSENSE) this.#host.onUnclaimed();
    else this.refuse(tag, error);
  }

  /** What was asked does not become a job. A notification is never answered, so it is refused in silence. */
  #turnDown(work: ServerWork, error: WireError): void {
    work.release();
    if (work.isNotification) this.#host.onUnclaimed();
    else this.refuse(work.tag, error);
  }

  /** Answers a request that does not become a job. */
  refuse(tag: Tag, error: WireError): void {
    this.say({ type: 'response', tag, answer: { ok: false, error } }, () => {});
  }

  /** Sends what has no job, before requests; it is owed until the stream took it. Its bytes; 0 if it can't be written. */
  say(message: ResponseMessage | ProgressMessage | ItemMessage, sent: () => void, options?: NoticeOptions): number {
    let owed = 0;
    let isSent = false;
    const bytes = this.#host.outgoing.notice(
      message,
      () => {
        isSent = true;
        if (owed > 0) this.owe(-owed);
        sent();
      },
      options,
    );
    // What can't be written is owed to nobody.
    if (!isSent && bytes > 0) this.owe((owed = bytes + JOB_CHARGE));
    return bytes;
  }

  /** Whether the peer leaves more unread than it may: nothing is added to it that can be left out. */
  get owesTooMuch(): boolean {
    return this.owedBytes > this.#host.maxOwedBytes;
  }

  /** The peer gives up its request: its handler is aborted, and it is answered as cancelled. */
  cancel(tag: Tag): void {
    const works = this.#byTag.get(tag) ?? [];
    // Each is told once: thousands of jobs can share a tag, and saying cancel again costs the peer nothing.
    this.#byTag.delete(tag);
    for (const work of works) {
      this.#streams.delete(work);
      work.job?.abort();
    }
  }

  owe(bytes: number): void {
    this.owedBytes += bytes;
    this.onOwed?.();
  }

  /** The reader of a streamed result has room for more. */
  more(tag: string, items: number, bytes: number): void {
    // What it is told may end one.
    for (const work of [...this.#streams]) if (work.tag === tag) work.more(items, bytes);
  }

  /** The other side asks what became of a request of its. */
  tellStatus(tag: string, of: string): void {
    this.say({ type: 'response', tag, answer: { ok: true, value: this.#knownOf(of) } }, () => {});
  }

  /** What this is said after has left before it: who asks has it, or the line has lost it. */
  #knownOf(tag: string): KnownOfCall {
    for (const { status, itemsLeft } of this.#byTag.get(tag) ?? []) return { status, items: itemsLeft };
    return this.#answered.has(tag) ? { status: 'answered', sent: true } : { status: 'unknown' };
  }

  #remember(tag: Tag, job: Job, work: ServerWork): void {
    const works = this.#byTag.get(tag);
    work.job = job;
    if (works === undefined) this.#byTag.set(tag, [work]);
    else works.push(work);
    if (work.wantsItems) this.#streams.add(work);
    work.onOver = () => {
      this.#streams.delete(work);
      this.#forget(tag, work);
      this.#hasAnswered(tag);
    };
  }

  #hasAnswered(tag: Tag): void {
    if (this.#host.session !== undefined && typeof tag === 'string') this.#answered.add(tag);
  }

  #forget(tag: Tag, work: ServerWork): void {
    const works = this.#byTag.get(tag);
    const at = works?.indexOf(work) ?? -1;
    if (works === undefined || at < 0) return;
    if (works.length === 1) this.#byTag.delete(tag);
    else works.splice(at, 1);
  }
}
