import type { ProgressMessage, ResponseMessage, Tag, WireError } from '../transport/messages.ts';
import { JOB_CHARGE } from './call.ts';
import type { Job } from './manager.ts';
import type { MethodDefinition } from './methods.ts';
import type { Outgoing, OutgoingHost } from './outgoing.ts';
import { ServerWork, type Asked } from './server-work.ts';

/** What the requests of the other side need of a peer. */
export interface IncomingHost extends OutgoingHost {
  readonly outgoing: Outgoing;
  /** A method of this side, or of the greeting. */
  methodNamed(name: string): MethodDefinition | undefined;
  readonly maxNestedCalls: number;
  readonly maxOwedBytes: number;
  /** Counts a notification that nobody took. */
  onUnclaimed(): void;
}

/** The requests of the other side: a server job each. */
export class Incoming {
  readonly #host: IncomingHost;
  /** Jobs by the peer's tag, for its cancels only; it may use one twice. */
  readonly #byTag = new Map<Tag, Set<Job>>();
  /** Bytes of answers that the stream has not taken, with a charge for each. */
  owedBytes = 0;
  onOwed: (() => void) | undefined;

  constructor(host: IncomingHost) {
    this.#host = host;
  }

  /** A request or a notification: it becomes a server job, or is refused. */
  take(message: Asked): void {
    const tag = message.type === 'request' ? message.tag : undefined;
    const work = new ServerWork(this, this.#host, message);
    const { remainingMs = Infinity, urgency = 1 } = message.type === 'request' ? message : {};
    if (remainingMs <= 0) {
      work.release();
      return this.refuse(tag, { code: 'EXPIRED', message: `its deadline had passed by ${Math.round(-remainingMs)} ms when it came` });
    }
    const added = this.#host.manager.addServer({
      tag: String(tag ?? ''),
      urgency,
      bytes: message.bytes + JOB_CHARGE,
      answers: message.type === 'request',
      timeoutMs: remainingMs,
      operations: work,
    });
    if (!added.ok) {
      work.release();
      // A notification is never answered, so it is refused in silence.
      if (message.type === 'notification') this.#host.onUnclaimed();
      else this.refuse(tag, { code: added.error.code === 'BUSY' ? 'BUSY' : 'STOPPING', message: added.error.message });
    } else if (this.#host.protocol.cancels && message.type === 'request' && !work.isOver) {
      this.#remember(tag, added.job, work);
    }
  }

  /** Answers a request that does not become a job. */
  refuse(tag: Tag, error: WireError): void {
    this.say({ type: 'response', tag, answer: { ok: false, error } }, () => {});
  }

  /** Sends what has no job, before requests; it is owed until the stream took it. False if it can't be written. */
  say(message: ResponseMessage | ProgressMessage, sent: () => void): boolean {
    let owed = 0;
    let isSent = false;
    const bytes = this.#host.outgoing.notice(message, () => {
      isSent = true;
      if (owed > 0) this.owe(-owed);
      sent();
    });
    if (!isSent) this.owe((owed = bytes + JOB_CHARGE));
    return bytes > 0;
  }

  /** Whether the peer leaves more unread than it may: nothing is added to it that can be left out. */
  get owesTooMuch(): boolean {
    return this.owedBytes > this.#host.maxOwedBytes;
  }

  /** The peer gives up its request: its handler is aborted, and it is answered as cancelled. */
  cancel(tag: Tag): void {
    const jobs = this.#byTag.get(tag) ?? [];
    // Each is told once: thousands of jobs can share a tag, and saying cancel again costs the peer nothing.
    this.#byTag.delete(tag);
    for (const job of jobs) job.abort();
  }

  owe(bytes: number): void {
    this.owedBytes += bytes;
    this.onOwed?.();
  }

  #remember(tag: Tag, job: Job, work: ServerWork): void {
    const jobs = this.#byTag.get(tag) ?? new Set();
    this.#byTag.set(tag, jobs.add(job));
    work.onOver = () => {
      jobs.delete(job);
      if (jobs.size === 0 && this.#byTag.get(tag) === jobs) this.#byTag.delete(tag);
    };
  }
}
