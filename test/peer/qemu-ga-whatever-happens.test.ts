import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { VirtagentError } from '../../actors/index.ts';
import { AgentError, GuestAgent } from '../support/guest-agent.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { commands } from './qemu-ga-support.ts';
import { runs } from '../property.ts';

/** What an agent, its line and its callers can do. */
type Step =
  | { readonly type: 'call'; readonly method: 'echo' | 'fail' | 'quiet' | 'quiet fail'; readonly timeoutMs: number }
  | { readonly type: 'cancel' | 'hang' | 'go on' | 'cut' | 'half a command' | 'resync' }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'pass'; readonly ms: number };

const errors = [
  '{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\n',
  '{"retu',
  '\xff',
  'x\n',
  '\xff{"return": 7}\n',
];
/** Without ids these could be anybody's. */
const forged = [...errors, '{"return": {"n": -1}}\n', '{"return": {"n": -1}, "id": "aaaaaaaa.1"}\n'];

const step = (texts: readonly string[]): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('call' as const),
        method: fc.constantFrom('echo', 'fail', 'quiet', 'quiet fail'),
        timeoutMs: fc.integer({ min: 1, max: 20_000 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('cancel', 'hang', 'go on', 'cut', 'half a command', 'resync') }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('say' as const), text: fc.constantFrom(...texts) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
  ) as fc.Arbitrary<Step>;

async function run(steps: readonly Step[], old: boolean): Promise<void> {
  const clock = new SimulatedClock();
  const line = virtualLine();
  const fail = ({ n }: Record<string, unknown>): never => {
    throw new AgentError('GenericError', `failed ${String(n)}`);
  };
  const agent = new GuestAgent({
    commands: { ...commands, fail, quiet: () => ({}), 'quiet fail': fail },
    silent: ['quiet', 'quiet fail'],
    old,
  });
  const serve = async (): Promise<void> => void agent.serve(await line.right.open(new AbortController().signal));
  await serve();
  const peer = opened<Loose>({ protocol: 'qemu-ga', channel: line.left, retries: true, clock });
  const hasRun = (method: string, n: number): boolean =>
    agent.executed.some(({ execute, arguments: args }) => execute === method && args?.['n'] === n);
  const outcomes: (string | undefined)[] = [];
  const aborts: AbortController[] = [];
  const call = (method: string, timeoutMs: number): void => {
    const n = outcomes.push(undefined) - 1;
    const abort = new AbortController();
    aborts.push(abort);
    const settle = (what: string): void => {
      if (outcomes[n] !== undefined) throw new Error(`${n} has ended twice`);
      outcomes[n] = what;
    };
    peer.call(method, { n }, { timeoutMs, signal: abort.signal }).then(
      (value: { n?: number } | undefined) =>
        settle((method === 'quiet' ? value === undefined && hasRun(method, n) : value?.n === n) ? 'right' : 'wrong'),
      (error: VirtagentError) =>
        settle(
          error.code === 'REMOTE_ERROR' && error.message !== `failed ${n}` ? `wrong: ${error.message}` : `${error.code} ${error.known}`,
        ),
    );
  };
  for (const one of steps) {
    if (one.type === 'call') call(one.method, one.timeoutMs);
    else if (one.type === 'cancel') aborts.at(-1)?.abort();
    else if (one.type === 'resync') peer.transport.resync();
    else if (one.type === 'hang') agent.hangs = true;
    else if (one.type === 'go on') agent.goOn();
    else if (one.type === 'say') agent.say(one.text);
    else if (one.type === 'pass') clock.increment(one.ms);
    else if (one.type === 'half a command') agent.hear('{"execute": "guest-p');
    else {
      line.cut();
      await serve();
    }
    await settled(2);
  }
  agent.goOn();
  for (let s = 0; s < 70; s++) {
    clock.increment(1_000);
    await settled(2);
  }
  expect(outcomes.filter((what) => what === undefined || what.startsWith('wrong'))).toEqual([]);
  // And it is of use again: at the latest when one call's deadline has found half a command in the agent's parser.
  for (let tries = 0; tries < 2 && outcomes.at(-1) !== 'again'; tries++) {
    call('echo', 5_000);
    for (let s = 0; s < 40 && outcomes.at(-1) === undefined; s++) {
      clock.increment(1_000);
      await settled(2);
    }
    if (outcomes.at(-1) === 'right') outcomes.push('again');
  }
  expect(outcomes.at(-1)).toBe('again');
  peer.close();
}

test.each([
  ['with ids', false],
  ['without', true],
] as const)(
  'whatever an agent, its line and its callers do, each call has one outcome, and no answer is another’s (%s)',
  async (_, old) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(old ? errors : forged), { maxLength: 30 }), (steps) => run(steps, old)),
      runs(60),
    );
  },
);
