import { assign, setup, type AnyStateMachine } from 'xstate';
import { expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import { createManager } from '../../actors/manager-logic.ts';
import {
  endedBy,
  ignored,
  jobActions,
  violation,
  type JobContext,
  type JobEvent,
  type JobInput,
  type Outcome,
} from '../../machines/job.ts';
import { nothingLeft, World } from './world.ts';

interface Context extends JobContext {
  readonly sends: number;
}
const s = setup({
  types: {} as { context: Context; events: JobEvent; input: JobInput; output: Context },
  actions: {
    ...jobActions,
    count: assign(({ context }) => ({ sends: context.sends + 1 })),
    end: assign((_, outcome: Outcome) => ({ outcome })),
    throws: () => {
      throw new Error('a chart that throws');
    },
  },
  guards: { isSecond: ({ context }) => context.sends === 2 },
});
const start = ({ input }: { input: JobInput }): Context => ({ job: input.job, outcome: undefined, sends: 0 });
const callback = { type: 'callback', params: ({ context }: { context: Context }) => ({ outcome: context.outcome }) } as const;
const early = {
  target: 'callback',
  actions: { type: 'end', params: ({ event }: { event: JobEvent }) => endedBy(event, 'perhaps-executed') },
} as const;
const ends = { cancel: early, deadline: early, line_lost: early } as const;
const wantSend = { type: 'want', params: { grant: 'send' } } as const;
const send = {
  target: 'sending',
  actions: [
    'count',
    { type: 'send', params: ({ event }: { event: Extract<JobEvent, { type: 'send' }> }) => ({ permit: event.permit, value: undefined }) },
  ],
} as const;

/** A request that is sent in two parts, then answered: two sends, each in its turn. */
const probe = s.createMachine({
  id: 'probe',
  initial: 'new',
  context: start,
  output: ({ context }) => context,
  states: {
    new: { entry: wantSend, on: { send, ...ends } },
    sending: { on: { send_done: [{ guard: 'isSecond', target: 'asked' }, { target: 'new' }], ...ends } },
    asked: {
      on: {
        read_done: {
          target: 'callback',
          actions: {
            type: 'end',
            params: ({ event }) => ({ type: 'value', value: (event.response as { value: unknown }).value, known: 'executed' }) as const,
          },
        },
        send_done: violation,
        ...ends,
      },
    },
    callback: {
      entry: callback,
      on: { callback_done: 'done', send_done: ignored, cancel: ignored, line_lost: ignored, deadline: ignored },
    },
    done: { type: 'final' },
  },
});
const kind = (name: string, chart: unknown, over: Partial<Kind> = {}): Kind => ({
  name,
  chart: chart as AnyStateMachine,
  class: 'client',
  slots: ['send'],
  ownsTag: true,
  ...over,
});
const probeKind = kind('probe', probe);

test('a third kind, with two sends of its own, takes its turns among the others', () => {
  const world = new World({ kinds: [probeKind] });
  world.add('probe', 'p');
  world.client('c');
  world.server('s');
  world.executed('s');
  for (const tag of ['p', 's', 'p']) world.sent(tag);
  // After its first part the answer goes, then its second part: it is older than the other request.
  expect(world.log).toEqual(['send p', 'execute s', 'send s', 'callback s', 'send p', 'send c']);
  world.manager.readDone('p', { ok: true, value: 'pong' });
  expect(world.outcomeOf('p')).toEqual({ type: 'value', value: 'pong', known: 'executed' });
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('it counts once against the window, its tag is ours, and everything that ends a job ends it', () => {
  const world = new World({ kinds: [probeKind], window: 1 });
  world.add('probe', 'p');
  expect([world.refused('client', 'p'), world.refused('probe', 'p')]).toEqual(['TAG_IN_USE', 'TAG_IN_USE']);
  world.sent('p');
  world.manager.cancel('p');
  world.sent('p');
  for (const end of [() => world.manager.lineLost(), () => world.step(10), () => world.manager.kill()]) {
    world.manager.gate('all');
    world.add('probe', 'q', { timeoutMs: 10 });
    world.sent('q');
    end();
    expect(world.manager.jobs).toBe(0);
  }
});

test('one that asks for a slot it has not declared is reported and gets none', () => {
  const world = new World({ kinds: [kind('deaf', probe, { slots: ['execute'] })] });
  world.add('deaf', 'a');
  world.add('client', 'b');
  expect(world.violations).toEqual([{ where: 'deaf', event: 'want send', tag: 'a' }]);
  expect(world.log).toEqual(['send b']);
  world.job('a').cancel();
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

const wantsAgain = (grant: 'send' | 'execute' | 'resume'): AnyStateMachine =>
  s.createMachine({
    id: 'greedy',
    initial: 'new',
    context: start,
    output: ({ context }) => context,
    states: {
      new: {
        entry: wantSend,
        on: { send: { ...send, actions: [...send.actions, { type: 'want', params: { grant, permit: 7 } }] }, ...ends },
      },
      sending: { on: { send_done: early, send: violation, execute: violation, resume: violation, ...ends } },
      callback: { entry: callback, on: { callback_done: 'done', send_done: ignored } },
      done: { type: 'final' },
    },
  }) as AnyStateMachine;

test('one that asks for a slot that it holds is reported, and holds one', () => {
  const world = new World({ sendSlots: 2, kinds: [kind('greedy', wantsAgain('send'))] });
  world.add('greedy', 'a');
  expect(world.violations).toEqual([{ where: 'manager', event: 'want', tag: 'a' }]);
  expect(world.manager.slots.send).toEqual({ slots: 2, taken: 1, waiting: 0 });
  world.sent('a');
  expect(world.left).toEqual(nothingLeft);
});

test('one that asks to go on and does not execute breaks nothing', () => {
  const world = new World({ kinds: [kind('greedy', wantsAgain('resume'), { slots: ['send', 'execute'] })] });
  world.add('greedy', 'a');
  world.sent('a');
  expect([world.outcome('a').split('/')[0], world.left]).toEqual(['cancelled', nothingLeft]);
});

test.each(['entry', 'event', 'context'] as const)(
  'one whose chart throws (%s): its job still gets its callback, and the manager goes on',
  (place) => {
    const broken = s.createMachine({
      id: 'broken',
      initial: 'new',
      context:
        place === 'context'
          ? () => {
              throw new Error('a chart that throws');
            }
          : start,
      output: ({ context }) => context,
      states: {
        new: {
          entry: place === 'entry' ? ['throws', wantSend] : wantSend,
          on: { send: { ...send, actions: [...send.actions, 'throws'] }, ...ends },
        },
        sending: { on: { send_done: early } },
        callback: { entry: callback, on: { callback_done: 'done' } },
        done: { type: 'final' },
      },
    });
    const world = new World({ kinds: [kind('broken', broken)] });
    world.client('before');
    world.add('broken', 'a', { timeoutMs: 1000 });
    world.client('after');
    world.sent('before');
    expect(world.outcomeOf('a')).toMatchObject({ type: 'error', error: { message: 'a chart that throws' } });
    expect(world.errors).toEqual([
      { error: expect.objectContaining({ message: 'a chart that throws' }) as Error, operation: 'chart', tag: 'a' },
    ]);
    // Its send was asked for before it threw: the permit stays taken until the transport is done with it.
    if (place === 'event') world.sent('a');
    world.read('before');
    world.finish();
    expect([world.outcome('after'), world.left, world.violations]).toEqual(['value/executed', nothingLeft, []]);
  },
);

test('one whose chart throws while its handler runs: the handler is aborted, and keeps its slot until it returns', () => {
  const broken = s.createMachine({
    id: 'broken',
    initial: 'new',
    context: start,
    output: ({ context }) => context,
    states: {
      new: {
        entry: { type: 'want', params: { grant: 'execute' } },
        on: { execute: { target: 'running', actions: { type: 'execute', params: ({ event }) => ({ permit: event.permit }) } } },
      },
      running: { on: { abort: { actions: 'throws' } } },
    },
  });
  const world = new World({ executeSlots: 1, kinds: [kind('broken', broken, { class: 'server', slots: ['execute'], ownsTag: false })] });
  world.add('broken', 'a');
  world.job('a').abort();
  expect([world.execution('a').signal.aborted, world.outcome('a'), world.taken]).toEqual([true, 'error/perhaps-executed', '0/1/0']);
  world.executed('a');
  expect(world.left).toEqual(nothingLeft);
});

test.each(['without output', 'without callback'])('one whose chart ends %s: its job ends with it, and has its callback once', (how) => {
  const { output: _, ...config } = probe.config;
  const sent = how === 'without callback' ? 'done' : 'callback';
  const chart = s.createMachine({
    ...config,
    ...(how === 'without output' ? undefined : { output: ({ context }: { context: Context }) => context }),
    states: { ...config.states, sending: { on: { send_done: { target: sent } } } },
  } as never);
  const world = new World({ kinds: [kind('odd', chart)] });
  world.add('odd', 'a');
  world.sent('a');
  expect(world.outcome('a')).toBe(how === 'without callback' ? 'error/perhaps-executed' : 'value/executed');
  expect(world.left).toEqual(nothingLeft);
});

test('one that does not end with the line keeps its place in its queue', () => {
  const patient = s.createMachine({
    ...probe.config,
    states: { ...probe.config.states, new: { entry: wantSend, on: { send, cancel: early, deadline: early, line_lost: ignored } } },
  } as never);
  const world = new World({ kinds: [kind('patient', patient, { class: 'server', ownsTag: false })] });
  world.client('c');
  world.add('patient', 'p');
  world.manager.lineLost();
  expect([world.outcome('p'), world.manager.slots.send.waiting]).toEqual(['running', 1]);
  world.manager.gate('all');
  expect(world.log.at(-1)).toBe('send p');
});

test('one that does not end when it is told to ends with its manager all the same, and leaves no actor', () => {
  const stubborn = s.createMachine({ ...probe.config, states: { ...probe.config.states, new: { entry: wantSend, on: {} } } } as never);
  const world = new World({ kinds: [kind('stubborn', stubborn)], line: false });
  world.add('stubborn', 'a');
  world.manager.kill();
  expect([world.outcome('a'), world.left]).toEqual(['cancelled/perhaps-executed', nothingLeft]);
});

test('two kinds of one name are refused, when the manager is made', () => {
  const invalid = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error;
  expect(() => createManager({ kinds: [probeKind, probeKind] })).toThrow(invalid);
  expect(() => createManager({ kinds: [kind('server', probe)] })).toThrow(invalid);
});
