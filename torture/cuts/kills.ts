/** Processes that are killed at random moments, with calls of both sides on the line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createPeer, type Peer, type VirtagentError } from '../../actors/index.ts';
import { unixConnect, unixListen } from '../../transport/index.ts';
import { Random } from '../random.ts';

export interface KillOptions {
  readonly reliable: boolean;
  /** Which end of the socket dies; the other one lives. */
  readonly dies: 'who connects' | 'who listens';
  readonly kills: number;
  readonly seed: number;
  /** The program that is killed, the line to it, and where it notes what it executes. */
  readonly script: string;
  readonly socket: string;
  readonly log: string;
}

export interface KillReport {
  readonly reliable: boolean;
  readonly dies: KillOptions['dies'];
  readonly kills: number;
  calls: number;
  answered: number;
  /** Calls whose outcome says that they were perhaps executed, and how many of those were. */
  perhaps: number;
  perhapsExecuted: number;
  /** Calls that are said not to have been sent. */
  notSent: number;
  /** Noted by the processes that died, all together. */
  executed: number;
  readonly broken: string[];
}

type Remote = { work: (params: { id: string; pad: string }) => unknown };

const IN_FLIGHT = 32;
/** When a process dies, in milliseconds after it was met. */
const LONGEST_LIFE = 60;
/** After that it does not happen any more: that a process is met, and that the last calls end. */
const PATIENCE_MS = 30_000;

export async function runKills({ reliable, dies, kills, seed, script, socket, log }: KillOptions): Promise<KillReport> {
  const random = new Random(seed);
  const report: KillReport = {
    reliable,
    dies,
    kills,
    calls: 0,
    answered: 0,
    perhaps: 0,
    perhapsExecuted: 0,
    notSent: 0,
    executed: 0,
    broken: [],
  };
  const noted = new Set<string>();
  writeFileSync(log, '');
  const children = new Set<ChildProcess>();
  const start = (): ChildProcess => {
    const place = dies === 'who listens' ? 'listen' : 'connect';
    const child = spawn(process.execPath, [script, socket, log, place], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.add(child.once('exit', () => children.delete(child)));
    return child;
  };
  const peer = createPeer<Remote>({
    channel: dies === 'who listens' ? unixConnect(socket) : unixListen(socket),
    protocol: 'virtagent-2',
    reliable,
    keepMs: 10_000,
    // A call that hangs is to be seen.
    timeoutMs: Infinity,
    retries: true,
    methods: {
      note: ({ id }: { id: string }) => {
        if (noted.has(id)) report.broken.push(`${id} was executed twice by the side that lives`);
        noted.add(id);
        return id;
      },
    },
  });
  const calls = new Calls(peer, random.fork('calls'));
  const loops = Array.from({ length: IN_FLIGHT }, () => calls.keepCalling());
  try {
    let next = start();
    for (let killed = 0; killed < kills; killed++) {
      const child = next;
      // It says when it has been answered: from then on both are at it.
      await within(met(child), `process ${killed} was not met`);
      next = start();
      await new Promise((resolve) => setTimeout(resolve, random.next() * LONGEST_LIFE));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    // The last one lives until all is answered.
    await within(met(next), 'the process that is not killed was not met');
    calls.isOver = true;
    await within(Promise.all(loops), 'calls have no outcome after the last process was killed');
  } catch (error) {
    report.broken.push(`${error instanceof Error ? error.message : String(error)}; ${calls.open} calls are under way (seed ${seed})`);
  }
  const { violations } = peer.counters;
  if (violations > 0) report.broken.push(`${violations} violations`);
  calls.isOver = true;
  // What only the end of this side ends has no outcome.
  const outcomes = new Map(calls.outcomes);
  peer.close();
  for (const child of children) child.kill('SIGKILL');
  compare(report, outcomes, readFileSync(log, 'utf8').split('\n').slice(0, -1));
  return report;
}

async function met(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`a process ended by itself, with ${signal ?? code}`);
  });
  ended.catch(() => {});
  child.send('go');
  await Promise.race([once(child, 'message'), ended]);
}

/** What happens in time, or never. */
async function within<Value>(promise: Promise<Value>, otherwise: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}

class Calls {
  readonly outcomes = new Map<string, string>();
  isOver = false;
  open = 0;
  readonly #peer: Peer<Remote>;
  readonly #random: Random;
  #last = 0;

  constructor(peer: Peer<Remote>, random: Random) {
    this.#peer = peer;
    this.#random = random;
  }

  async keepCalling(): Promise<void> {
    while (!this.isOver) {
      const id = `c${this.#last++}`;
      const pad = 'x'.repeat(this.#random.below(20) === 0 ? 40_000 : this.#random.below(200));
      this.open++;
      try {
        const result = await this.#peer.call('work', { id, pad });
        this.outcomes.set(id, result === id ? 'answered' : 'answered wrong');
      } catch (error) {
        const { code, known } = error as VirtagentError;
        this.outcomes.set(id, `${code} ${known}`);
      }
      this.open--;
    }
  }
}

function compare(report: KillReport, outcomes: ReadonlyMap<string, string>, log: readonly string[]): void {
  const { broken, kills } = report;
  const executed = new Set(log);
  report.executed = log.length;
  report.calls = outcomes.size;
  if (executed.size !== log.length) broken.push(`${log.length - executed.size} requests were executed twice`);
  for (const [id, outcome] of outcomes) {
    if (outcome === 'answered') report.answered++;
    else if (outcome === 'LINE_LOST perhaps-executed') report.perhaps++;
    else if (outcome === 'LINE_LOST not-sent') report.notSent++;
    else broken.push(`${id} ended as ${outcome}`);
    if (outcome === 'LINE_LOST perhaps-executed' && executed.has(id)) report.perhapsExecuted++;
    if (outcome === 'answered' && !executed.has(id)) broken.push(`${id} was answered and not executed`);
    if (outcome === 'LINE_LOST not-sent' && executed.has(id)) broken.push(`${id} is said not to have been sent, and was executed`);
  }
  if (report.answered < kills) broken.push(`${report.answered} calls were answered by ${kills} processes`);
}
