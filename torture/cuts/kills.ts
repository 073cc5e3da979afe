/** Processes that are killed at random moments, with calls of both sides on the line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createPeer, type Peer, type VirtagentError } from '../../actors/index.ts';
import { unixListen } from '../../transport/index.ts';
import { Random } from '../random.ts';

export interface KillOptions {
  readonly reliable: boolean;
  readonly kills: number;
  readonly seed: number;
  /** The program that is killed, the line to it, and where it notes what it executes. */
  readonly script: string;
  readonly socket: string;
  readonly log: string;
}

export interface KillReport {
  readonly reliable: boolean;
  readonly kills: number;
  calls: number;
  answered: number;
  /** Calls whose outcome says that they were perhaps executed, and how many of those were. */
  perhaps: number;
  perhapsExecuted: number;
  otherwise: number;
  /** Noted by the processes that died, all together. */
  executed: number;
  readonly broken: string[];
}

type Remote = { work: (params: { id: string; pad: string }) => unknown };

const IN_FLIGHT = 32;
/** When a process dies, in milliseconds after it was met. */
const LONGEST_LIFE = 60;

export async function runKills({ reliable, kills, seed, script, socket, log }: KillOptions): Promise<KillReport> {
  const random = new Random(seed);
  const report: KillReport = {
    reliable,
    kills,
    calls: 0,
    answered: 0,
    perhaps: 0,
    perhapsExecuted: 0,
    otherwise: 0,
    executed: 0,
    broken: [],
  };
  const noted = new Set<string>();
  writeFileSync(log, '');
  const children = new Set<ChildProcess>();
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [script, socket, log], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.add(child.once('exit', () => children.delete(child)));
    return child;
  };
  const peer = createPeer<Remote>({
    channel: unixListen(socket),
    protocol: 'virtagent-2',
    reliable,
    keepMs: 10_000,
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
  let next = start();
  for (let killed = 0; killed < kills; killed++) {
    const child = next;
    const up = once(child, 'message');
    child.send('go');
    // It says when it has been answered: from then on both are at it.
    await up;
    next = start();
    await new Promise((resolve) => setTimeout(resolve, random.next() * LONGEST_LIFE));
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  // The last one lives until all is answered.
  next.send('go');
  calls.isOver = true;
  const late = setTimeout(() => peer.close(), 30_000);
  await Promise.all(loops);
  clearTimeout(late);
  peer.close();
  for (const child of children) child.kill('SIGKILL');
  compare(report, calls.outcomes, readFileSync(log, 'utf8').split('\n').slice(0, -1));
  return report;
}

class Calls {
  readonly outcomes = new Map<string, string>();
  isOver = false;
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
      try {
        const result = await this.#peer.call('work', { id, pad });
        this.outcomes.set(id, result === id ? 'answered' : 'answered wrong');
      } catch (error) {
        const { code, known } = error as VirtagentError;
        this.outcomes.set(id, `${code} ${known}`);
      }
    }
  }
}

function compare(report: KillReport, outcomes: ReadonlyMap<string, string>, log: readonly string[]): void {
  const executed = new Set(log);
  report.executed = log.length;
  report.calls = outcomes.size;
  if (executed.size !== log.length) report.broken.push(`${log.length - executed.size} requests were executed twice`);
  for (const [id, outcome] of outcomes) {
    if (outcome === 'answered') report.answered++;
    else if (outcome.endsWith('perhaps-executed')) report.perhaps++;
    else report.otherwise++;
    if (outcome.endsWith('perhaps-executed') && executed.has(id)) report.perhapsExecuted++;
    if (outcome === 'answered wrong') report.broken.push(`${id} was answered with something else`);
    if (outcome === 'answered' && !executed.has(id)) report.broken.push(`${id} was answered and not executed`);
    if (outcome.endsWith('not-sent') && executed.has(id)) report.broken.push(`${id} is said not to have been sent, and was executed`);
  }
}
