/** A conversation that is the same in every run, on a line that is cut somewhere in it. */
import { isDeepStrictEqual } from 'node:util';
import { createPeer, type CreatePeerOptions, type HandlerContext, type Peer, type VirtagentError } from '../../actors/index.ts';
import { Random } from '../random.ts';
import { SteppedClock } from '../stepped-clock.ts';
import { ReopeningLine, type Direction, type Seen } from '../lines/reopening-line.ts';
import type { Carry } from '../lines/joined.ts';

/** After how many bytes of which direction the n-th line ends. */
export interface Cut {
  readonly direction: Direction;
  readonly at: number;
}

export interface Kind {
  readonly name: string;
  readonly protocol: NonNullable<CreatePeerOptions['protocol']>;
  readonly reliable?: boolean;
  readonly seen: Seen;
  /** Whether a session outlives its line, so that no call is lost. */
  readonly resumes: boolean;
}

/** What became of a conversation. */
export interface Cuttings {
  /** Bytes of each direction. */
  readonly carried: { readonly right: number; readonly left: number };
  readonly outcomes: readonly string[];
  /** What broke a rule; nothing if all held. */
  readonly broken: readonly string[];
}

interface Ask {
  readonly n: number;
  readonly text: string;
}

/** Sizes of the parameters: the last takes pieces where there are pieces. */
const sizes = [3, 40, 5, 700];
const ask = (n: number): Ask => ({ n, text: 'ş/7'.repeat(sizes[n % sizes.length] as number).slice(0, sizes[n % sizes.length]) });
/** The longest that a conversation may take, in its own time: several times keepMs, heartbeats and the call's deadline. */
const CALL_MS = 120_000;

type Methods = { echo: (params: Ask) => unknown; back: (params: Ask) => unknown };

export async function converse(kind: Kind, cuts: readonly Cut[], seed: number): Promise<Cuttings> {
  const clock = new SteppedClock();
  const carried = { right: 0, left: 0 };
  const carry = (direction: Direction, at: number, end: () => void): Carry => {
    const cut = cuts[at];
    const carrying = cutAfter(cut?.direction === direction ? cut.at : Infinity, end);
    return (chunk) => {
      clock.moved++;
      const arrives = carrying(chunk);
      carried[direction] += arrives.length;
      return arrives;
    };
  };
  const line = new ReopeningLine(kind.seen, carry);
  const begun = new Map<string, number>();
  const broken: string[] = [];
  const outcomes: string[] = [];
  const random = new Random(seed);
  const note = (side: string, params: Ask): Ask => {
    const key = `${side} ${params.n}`;
    begun.set(key, (begun.get(key) ?? 0) + 1);
    return params;
  };
  const peer = (side: 'left' | 'right'): Peer<Methods> =>
    createPeer<Methods>({
      channel: line[side],
      protocol: kind.protocol,
      ...(kind.reliable === undefined ? {} : { reliable: kind.reliable }),
      ...(kind.protocol === 'virtagent-v7' ? { role: side === 'left' ? 'host' : 'guest' } : {}),
      clock,
      random: random.fork(side).next,
      timeoutMs: CALL_MS,
      retries: true,
      methods: {
        echo: (params: Ask) => note(side, params),
        // Waits for an answer of the side that asks.
        back: async (params: Ask, { call }: HandlerContext<Methods>) => call('echo', note(side, params)),
      },
    });
  const peers = { left: peer('left'), right: peer('right') };
  let open = 0;
  const call = async (side: 'left' | 'right', method: 'echo' | 'back', n: number): Promise<void> => {
    open++;
    const to = side === 'left' ? 'right' : 'left';
    const params = ask(n);
    let outcome: string;
    try {
      const result = await peers[side].call(method, params);
      outcome = 'answered';
      if (!isDeepStrictEqual(result, params)) broken.push(`call ${n} was answered with something else`);
      if (!begun.has(`${to} ${n}`)) broken.push(`call ${n} was answered and not executed`);
    } catch (error) {
      const { code, known } = error as VirtagentError;
      outcome = `${code} ${known}`;
      if (known === 'not-sent' && begun.has(`${to} ${n}`)) broken.push(`call ${n} was executed, and is said not to have been sent`);
    }
    if (kind.resumes && outcome !== 'answered') broken.push(`call ${n} ended as ${outcome}`);
    outcomes.push(outcome);
    open--;
    clock.moved++;
  };
  const all = [
    call('left', 'echo', 0),
    call('right', 'echo', 1),
    call('left', 'back', 2),
    call('left', 'echo', 3),
    call('right', 'echo', 5),
  ];
  try {
    await clock.run(() => open === 0 || clock.now() > 2 * CALL_MS);
  } catch (error) {
    broken.push(String(error));
  }
  if (open > 0) broken.push(`${open} calls have no outcome`);
  else await Promise.all(all);
  // The next calls, which find what is left of the last ones. The first of them may be what is cut.
  for (const [side, n] of [
    ['left', 8],
    ['right', 9],
  ] as const) {
    for (let again = 0; again < 2 && (again === 0 || outcomes.at(-1) !== 'answered'); again++) {
      void call(side, 'echo', n + 4 * again);
      await clock.run(() => open === 0 || clock.now() > 4 * CALL_MS).catch((error: unknown) => void broken.push(String(error)));
    }
    if (outcomes.at(-1) !== 'answered') broken.push(`afterwards ${side} was ${outcomes.at(-1)}`);
  }
  for (const [key, times] of begun) if (times > 1) broken.push(`${key} was executed ${times} times`);
  for (const side of ['left', 'right'] as const) {
    const { violations } = peers[side].counters;
    if (violations > 0) broken.push(`${violations} violations of ${side}`);
    peers[side].close();
  }
  line.end();
  return { carried, outcomes, broken };
}

/** Carries so many bytes; then the line ends, once what was before has arrived. */
function cutAfter(bytes: number, end: () => void): Carry {
  let left = bytes;
  return (chunk) => {
    const arrives = chunk.subarray(0, left);
    if (arrives.length < chunk.length && left >= 0) setImmediate(end);
    left -= arrives.length;
    return arrives;
  };
}
