import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialTransition, SimulatedClock, transition, type AnyMachineSnapshot } from 'xstate';
import { probeJob, prober, probeKind, ROUNDS } from '../../examples/new-kind.ts';
import { createManager, jobStates, type Job, type Sending } from '../../actors/index.ts';
import { statePath } from '../../actors/job-events.ts';
import type { JobEvent, JobRef } from '../../machines/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { runs } from '../property.ts';

test('a probe asks three times and can be watched like any job', async () => {
  const [here, there] = memoryPair();
  createInterface({ input: there }).on('line', (line) => there.write(`!${line.slice(1)}\n`));
  const { probe, manager } = prober(here);
  const seen: string[] = [];
  jobStates(manager).subscribe(({ kind, tag, state }) => seen.push(`${kind} ${tag} ${state}`));
  expect(await probe()).toBe(ROUNDS);
  const round = ['new', 'busy.sending', 'sent', 'read'];
  expect(seen).toEqual([...round, ...round, ...round, 'busy.callback', 'done'].map((state) => `probe p1 ${state}`));
  expect([manager.jobs, manager.slots.send.taken, manager.violations]).toEqual([0, 0, 0]);
});

test('a probe of a line that is lost fails, and says what is known', async () => {
  const [here, there] = memoryPair();
  const { probe } = prober(here);
  const asked = probe();
  there.destroy();
  await expect(asked).rejects.toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});

const job: JobRef = { seq: 1, index: 0, class: 'client', urgency: 1, exempt: false, bytes: 0 };
const good = { ok: true } as const;
const bad = { ok: false, error: new Error('no') } as const;
const everyEvent: readonly JobEvent[] = [
  { type: 'execute', permit: 1 },
  { type: 'resume', permit: 1 },
  { type: 'send', permit: 1 },
  { type: 'execute_done', completion: good },
  { type: 'send_done', completion: good },
  { type: 'send_done', completion: bad },
  { type: 'read_done', response: good },
  { type: 'callback_done' },
  { type: 'park' },
  { type: 'unpark', permit: 1 },
  { type: 'abort' },
  { type: 'cancel' },
  { type: 'deadline' },
  { type: 'line_lost' },
];

/** Every snapshot that any events lead to: the chart is pure and its context is finite, so there is an end to them. */
function reachable(): AnyMachineSnapshot[] {
  const found = new Map<string, AnyMachineSnapshot>();
  const visit = (snapshot: AnyMachineSnapshot): void => {
    const key = JSON.stringify([snapshot.value, snapshot.context]);
    if (found.has(key)) return;
    found.set(key, snapshot);
    if (snapshot.status !== 'active') return;
    for (const event of everyEvent) visit(after(snapshot, event));
  };
  visit(initialTransition(probeJob, { job, answers: true })[0] as AnyMachineSnapshot);
  return [...found.values()];
}

const after = (snapshot: AnyMachineSnapshot, event: JobEvent): AnyMachineSnapshot =>
  transition(probeJob, snapshot as never, event)[0] as AnyMachineSnapshot;

test('each state decides each event', () => {
  const types = new Set(everyEvent.map(({ type }) => type));
  const states = reachable().filter(({ status }) => status === 'active');
  expect(new Set(states.map(({ value }) => statePath(value)))).toEqual(new Set(['new', 'busy.sending', 'busy.callback', 'sent']));
  for (const { _nodes: nodes } of states) expect(new Set(nodes.find(({ type }) => type === 'atomic')?.transitions.keys())).toEqual(types);
});

test('no event leads where a cancel and its callback do not lead to the end', () => {
  for (const snapshot of reachable()) {
    const ending = snapshot.status === 'active' ? after(snapshot, { type: 'cancel' }) : snapshot;
    const ended = ending.status === 'active' ? after(ending, { type: 'callback_done' }) : ending;
    expect(ended.status).toBe('done');
    expect(ended.context.outcome).toBeDefined();
  }
});

type Step = { do: 'add' | 'answer' | 'written' | 'broken' | 'cancel' | 'lose' | 'line' | 'wait'; which: number };
const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('add', 'add', 'written', 'written', 'answer', 'answer', 'broken', 'cancel', 'lose', 'line', 'wait'),
    which: fc.nat(20),
  }),
  { maxLength: 60 },
);

test('whatever happens, each probe has one outcome and every slot comes back', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const clock = new SimulatedClock();
      const manager = createManager({ kinds: [probeKind], clock, sendSlots: 2 });
      const jobs: Job[] = [];
      const sendings: Sending[] = [];
      const outcomes = new Map<string, number>();
      const pick = <T>(all: T[], which: number): T | undefined => all[which % Math.max(1, all.length)];
      const play = ({ do: what, which }: Step): void => {
        if (what === 'add') {
          const added = manager.add('probe', {
            tag: `${jobs.length}`,
            timeoutMs: 1_000,
            operations: {
              send: (sending) => void sendings.push(sending),
              callback: (_, tag) => void outcomes.set(tag, (outcomes.get(tag) ?? 0) + 1),
            },
          });
          if (added.ok) jobs.push(added.job);
        } else if (what === 'written') pick(sendings, which)?.done(good);
        else if (what === 'broken') pick(sendings, which)?.done(bad);
        else if (what === 'answer') pick(jobs, which)?.readDone(good);
        else if (what === 'cancel') pick(jobs, which)?.cancel();
        else if (what === 'lose') manager.lineLost();
        else if (what === 'line') manager.gate('all');
        else clock.increment(which);
      };
      for (const step of script) {
        play(step);
        expect(manager.slots.send.taken).toBeLessThanOrEqual(2);
      }
      clock.increment(1_000);
      for (const sending of sendings) sending.done(good);
      expect([...outcomes.values()]).toEqual(jobs.map(() => 1));
      expect(manager.jobs).toBe(0);
      expect(manager.slots).toMatchObject({ send: { taken: 0, waiting: 0 }, client: { count: 0 } });
      expect(manager.timers.size).toBe(0);
    }),
    runs(300),
  );
});
