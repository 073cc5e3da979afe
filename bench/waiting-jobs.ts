/**
 * A manager with many jobs that wait, through which one job after the other still gets.
 *
 * Half of those that wait were sent and await their response. The other half is queued with urgency 0 behind the one send
 * slot, which is never free: a job that holds it gives it up only after the next, of urgency 2, has asked for it. The bound
 * on bypassing is off, or the sixteenth grant would go to one that is to wait.
 */
import { createManager, type Manager, type Operations, type Sending } from '../actors/index.ts';

/** Operations of jobs that wait; shared, so that what they cost is not counted as a job's. */
const sentAtOnce: Operations = { send: (sending) => sending.done({ ok: true }), callback() {} };
const neverSent: Operations = { send() {}, callback() {} };

export class WaitingJobs {
  readonly #manager: Manager;
  #holder: Sending | undefined;
  #added = 0;
  #ended = 0;
  readonly #operations: Operations = {
    send: (sending) => void (this.#holder = sending),
    callback: () => void this.#ended++,
  };

  constructor(count: number) {
    this.#manager = createManager({ sendSlots: 1, maxBypass: Infinity, maxClientJobs: count + 2 });
    for (let i = 0; i < count / 2; i++) this.#add(`awaited.${i}`, sentAtOnce, 1);
    this.#add('holder', this.#operations, 1);
    for (let i = 0; i < count / 2; i++) this.#add(`queued.${i}`, neverSent, 0);
  }

  /** One job gets the slot after the one before, whose response then comes: one add, send, send_done, read_done, callback. */
  turn(): void {
    const holder = this.#holder as Sending;
    this.#add(`job.${++this.#added}`, this.#operations, 2);
    holder.done({ ok: true });
    this.#manager.readDone(holder.tag, { ok: true });
  }

  /** Throws if what was measured was not what it says. */
  check(count: number): void {
    const waiting = this.#manager.jobs - 1;
    if (waiting !== count) throw new Error(`${waiting} jobs wait, not ${count}`);
    if (this.#ended !== this.#added) throw new Error(`${this.#added} jobs were added and ${this.#ended} callbacks run`);
  }

  #add(tag: string, operations: Operations, urgency: 0 | 1 | 2): void {
    const added = this.#manager.addClient({ tag, operations, urgency, bytes: 100 });
    if (!added.ok) throw added.error;
  }
}
