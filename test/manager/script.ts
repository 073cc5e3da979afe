import fc from 'fast-check';
import type { Kind } from '../../actors/kinds.ts';
import type { AddOptions, Manager } from '../../actors/manager.ts';
import type { CreateManagerOptions } from '../../actors/manager-logic.ts';
import type { Urgency } from '../../machines/job.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import type { Log } from '../compiled/twins.ts';
import { World } from './world.ts';

/** What the manager's user, the link or the clock does; the numbers pick what it is done to, and how. */
export interface Act {
  readonly does: keyof typeof weights;
  readonly a: number;
  readonly b: number;
  /** Done inside the next operation that the manager asks for, not now. */
  readonly inside: boolean;
}

const weights = {
  'add server': 8,
  'add client': 8,
  'add notice': 3,
  'execute done': 8,
  'send done': 10,
  'piece done': 5,
  read: 6,
  cancel: 2,
  abort: 2,
  park: 5,
  unpark: 5,
  'line lost': 1,
  gate: 2,
  credit: 2,
  pause: 1,
  time: 3,
  stop: 0.5,
  kill: 0.5,
} as const;

const act: fc.Arbitrary<Act> = fc.record({
  does: fc.oneof(
    ...Object.entries(weights).map(([does, weight]) => ({ weight: weight * 2, arbitrary: fc.constant(does as keyof typeof weights) })),
  ),
  a: fc.nat(999),
  b: fc.nat(999),
  inside: fc.constantFrom(false, false, false, true),
});
export const acts = fc.array(act, { minLength: 30, maxLength: 80, size: 'max' });

const notice: Kind = { name: 'notice', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };

/** Runs a script with a manager; gives all that it asked for, told and showed, in order. `begin` may look at it before. */
export function logOf(
  script: readonly Act[],
  options: Pick<CreateManagerOptions, 'credits' | 'interpretCharts'>,
  begin: (manager: Manager) => void = () => {},
): Log {
  const log: Log = [];
  const told =
    (what: string) =>
    (...seen: unknown[]): void =>
      void log.push([what, ...seen]);
  const world = new World({
    ...options,
    kinds: [notice],
    sendSlots: 2,
    executeSlots: 2,
    maxServerJobs: 6,
    maxClientJobs: 6,
    window: 2,
    random: () => 0.5,
    inspect: told('inspected'),
    onViolation: told('violation'),
    onError: told('error'),
    onSettled: told('settled'),
  });
  world.manager.gate('all');
  begin(world.manager);
  const all = new Script(world, log);
  for (const one of script) {
    all.run(one);
    const { slots, jobs, violations, timers } = world.manager;
    log.push(['then', slots, jobs, violations, timers.size, world.manager.ref.getSnapshot()]);
  }
  log.push(['asked for', world.news()]);
  return log;
}

/** Does what a script says with a manager, and writes down what comes of it. */
export class Script {
  readonly #world: World;
  readonly #log: Log;
  readonly #tags: string[] = [];
  readonly #inside: Act[] = [];
  readonly #executing: string[] = [];
  readonly #sending: string[] = [];

  constructor(world: World, log: Log) {
    this.#world = world;
    this.#log = log;
  }

  run(act: Act): void {
    if (act.inside) this.#inside.push(act);
    else this.#do(act);
  }

  #do({ does, a, b }: Act): void {
    const world = this.#world;
    this.#log.push(['does', does]);
    const tag = this.#tags[a % Math.max(1, this.#tags.length)];
    const executing = this.#executing[a % Math.max(1, this.#executing.length)];
    const sending = this.#sending[a % Math.max(1, this.#sending.length)];
    const completion = b % 4 === 0 ? ({ ok: false, error: 'no' } as const) : ({ ok: true, value: b } as const);
    if (does === 'add server' || does === 'add client' || does === 'add notice') this.#add(does.slice(4), a, b);
    else if (does === 'line lost') world.manager.lineLost();
    else if (does === 'gate') world.manager.gate((['all', 'all', 'exempt', 'none'] as const)[b % 4] ?? 'all');
    else if (does === 'time') world.step((b % 5) * 20);
    else if (does === 'pause') world.manager.pause(b % 3 === 0);
    else if (does === 'stop') void world.manager.stop();
    else if (does === 'kill') world.manager.kill('killed');
    else if (does === 'credit') world.manager.credit(b % 3, b % 20);
    else if (does === 'send done') {
      if (sending !== undefined) world.sent(sending, b % 8 === 0 ? { ok: false, error: 'no', known: 'not-sent' } : completion);
    } else if (does === 'piece done') {
      if (sending !== undefined) world.sent(sending, { ok: true, more: true });
    } else if (does === 'execute done') {
      if (executing !== undefined) world.executed(executing, completion);
    } else if (does === 'park') {
      if (executing !== undefined) world.execution(executing).park();
    } else if (does === 'unpark') {
      if (executing !== undefined) world.execution(executing).unpark();
    } else if (tag === undefined) return;
    else if (does === 'read') world.read(tag, completion, b % 5 === 0);
    else if (does === 'cancel') world.job(tag).cancel('why');
    else world.job(tag).abort();
  }

  #add(kind: string, a: number, b: number): void {
    const tag = `${kind}${this.#tags.length}`;
    const options: Partial<AddOptions> = {
      urgency: (b % 3) as Urgency,
      bytes: b % 7,
      exempt: a % 4 === 0,
      answers: a % 5 !== 0,
      ...(a % 6 === 0 ? { timeoutMs: 20 + (b % 60) } : undefined),
      operations: {
        execute: () => this.#during('execute', tag, undefined, this.#executing),
        resume: () => this.#during('resume', tag, undefined),
        send: () => this.#during('send', tag, undefined, this.#sending),
        abort: (reason) => this.#during('abort', tag, reason),
        callback: (outcome) => this.#during('callback', tag, outcome),
      },
    };
    const answer = this.#world.refused(kind, tag, options as never);
    this.#log.push(['added', tag, answer]);
    if (answer === 'taken') this.#tags.push(tag);
  }

  #during(operation: string, tag: string, seen: unknown, list?: string[]): void {
    this.#log.push([operation, tag, seen]);
    list?.push(tag);
    const act = this.#inside.shift();
    if (act !== undefined) this.#do(act);
  }
}
