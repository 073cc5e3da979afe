/** Rule 16: the parent that invoked the peer simply leaves its state, also in the middle of what the peer just told it. */
import { expect, test } from 'vitest';
import { assign, createActor, setup, SimulatedClock, type AnyActorRef } from 'xstate';
import { peer, peerOf, type HandlerContext, type Peer, type PeerOptions } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { actorWatch } from '../support/actors.ts';
import { rejection, settled, type Loose } from '../support/peers.ts';
import { ask, answer, asked, farEnd } from './support.ts';

type Context = { options: PeerOptions; reasons: unknown[] };
type Event = { type: 'LEAVE' } | { type: 'BACK'; options: PeerOptions };

const app = setup({
  types: {} as { input: { options: PeerOptions; leaveWhen?: string }; context: Context & { leaveWhen: string | undefined }; events: Event },
  actors: { peer },
}).createMachine({
  context: ({ input }) => ({ options: input.options, leaveWhen: input.leaveWhen, reasons: [] }),
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'peer',
        id: 'agent',
        input: ({ context }) => context.options,
        onSnapshot: { guard: ({ context, event }) => event.snapshot.context.link === context.leaveWhen, target: 'off' },
        onDone: { target: 'off', actions: assign({ reasons: ({ context, event }) => [...context.reasons, event.output.reason] }) },
        onError: { target: 'off', actions: assign({ reasons: ({ context, event }) => [...context.reasons, event.error] }) },
      },
      on: { LEAVE: 'off' },
    },
    off: { on: { BACK: { target: 'on', actions: assign({ options: ({ event }) => event.options }) } } },
  },
});

const agentOf = (actor: AnyActorRef): Peer<Loose> =>
  peerOf<Loose>((actor.getSnapshot() as { children: Record<string, AnyActorRef> }).children['agent']);
const timersOf = (clock: SimulatedClock): number => (clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size;

test.each(['connecting', 'greeting', 'up', 'down'])('when it hears that the link is %s', async (leaveWhen) => {
  const clock = new SimulatedClock();
  const actors = actorWatch();
  const [ours, line] = memoryPair();
  const parent = createActor(app, {
    input: { options: { stream: ours, clock, protocol: 'jsonrpc-lines' }, leaveWhen },
    inspect: actors.inspect,
  });
  const outcomes: Promise<unknown>[] = [];
  parent.subscribe((snapshot) => {
    const agent = snapshot.children['agent'];
    if (agent !== undefined && outcomes.length === 0)
      outcomes.push(rejection(peerOf<Loose>(agent).call('any', {}, { timeoutMs: Infinity })));
  });
  parent.start();
  await settled();
  if (leaveWhen === 'down') line.destroy();
  await settled();
  expect(parent.getSnapshot().value).toBe('off');
  expect(await outcomes[0]).toMatchObject({ code: leaveWhen === 'down' ? 'LINE_LOST' : 'STOPPED' });
  expect(ours.destroyed).toBe(true);
  expect(actors.active()).toEqual([parent.id]);
  expect(timersOf(clock)).toBe(0);
});

test.each(['a handler', 'a job', 'a message', 'an abort listener', 'onError'])('from within %s', async (where) => {
  const clock = new SimulatedClock();
  const actors = actorWatch();
  const [ours, line] = memoryPair();
  let left = 0;
  const leave = (): void => {
    left++;
    parent.send({ type: 'LEAVE' });
  };
  const methods = {
    leave: async (_: unknown, { call }: HandlerContext<Loose>) => {
      leave();
      return call('back');
    },
    hang: (_: unknown, { signal }: HandlerContext) => (signal.addEventListener('abort', leave), new Promise(() => {})),
    fail: () => {
      throw new Error('x');
    },
    ping: () => 'pong',
  };
  const parent = createActor(app, {
    input: { options: { stream: ours, clock, methods, protocol: 'jsonrpc-headers', onError: leave } },
    inspect: actors.inspect,
  });
  parent.start();
  const agent = agentOf(parent);
  await agent.ready();
  const far = farEnd(line, 'jsonrpc-headers');
  const call = rejection(agent.call('any', {}, { timeoutMs: Infinity }));
  await settled();
  if (where === 'a job') agent.jobs$.subscribe(({ state }) => state === 'busy.executing' && leave());
  if (where === 'a message') agent.messages$.subscribe(({ direction }) => direction === 'out' && leave());
  const said: Record<string, string> = { 'a handler': 'leave', 'an abort listener': 'hang', onError: 'fail' };
  far.say(ask(1, said[where] ?? 'ping'), ask(2, 'ping'));
  await settled();
  if (where === 'an abort listener') far.say({ type: 'cancel', tag: 1 }, ask(3, 'ping'));
  await settled();
  expect(left).toBeGreaterThan(0);
  expect(parent.getSnapshot().value).toBe('off');
  expect(await call).toMatchObject({ code: 'STOPPED', known: 'perhaps-executed' });
  expect(ours.destroyed).toBe(true);
  expect(agent.manager.jobs).toBe(0);
  expect(actors.active()).toEqual([parent.id]);
  expect(timersOf(clock)).toBe(0);
});

test('and come back with another stream: nothing of the first peer is in the second', async () => {
  const parent = createActor(app, { input: { options: { stream: memoryPair()[0], protocol: 'jsonrpc-lines' } } });
  parent.start();
  for (let round = 0; round < 5; round++) {
    const [ours, line] = memoryPair();
    const far = farEnd(line, 'jsonrpc-lines');
    const before = agentOf(parent);
    const old = rejection(before.call('old'));
    await settled();
    parent.send({ type: 'LEAVE' });
    expect(await old).toMatchObject({ code: 'STOPPED' });
    parent.send({ type: 'BACK', options: { stream: ours, protocol: 'jsonrpc-lines' } });
    const agent = agentOf(parent);
    expect(agent).not.toBe(before);
    const call = agent.call('new');
    await settled();
    expect(asked(far.heard).map(({ method }) => method)).toEqual(['new']);
    far.say(answer(asked(far.heard)[0]?.tag, round));
    expect(await call).toBe(round);
  }
  parent.stop();
});

test('options that are wrong are the app’s error, and its stream is left alone', async () => {
  const [ours] = memoryPair();
  const listeners = ours.eventNames();
  for (const options of [
    { stream: ours, sendSlots: 0 },
    { stream: ours, typo: 1 },
    { stream: ours, methods: null },
    undefined,
    {},
    { stream: null },
  ]) {
    const parent = createActor(app, { input: { options: options as PeerOptions } });
    parent.start();
    expect(parent.getSnapshot()).toMatchObject({ value: 'off', context: { reasons: [{ code: 'INVALID_OPTION' }] } });
    parent.stop();
  }
  expect(ours.destroyed).toBe(false);
  expect(ours.isPaused()).toBe(false);
  expect(ours.eventNames()).toEqual(listeners);
});

test('two peers in one app, on one line: each sees its own jobs and its own link', async () => {
  const [a, b] = memoryPair();
  const both = setup({ actors: { peer } }).createMachine({
    type: 'parallel',
    states: {
      left: { invoke: { src: 'peer', id: 'left', input: { stream: a, methods: { who: () => 'left' } } } },
      right: { invoke: { src: 'peer', id: 'right', input: { stream: b, methods: { who: () => 'right' } } } },
    },
  });
  const parent = createActor(both).start();
  const { children } = parent.getSnapshot();
  const left = peerOf<Loose>(children['left']);
  const right = peerOf<Loose>(children['right']);
  const seen: Record<string, string[]> = { left: [], right: [] };
  left.jobs$.subscribe(({ kind, state }) => seen['left']?.push(`${kind} ${state}`));
  right.jobs$.subscribe(({ kind, state }) => seen['right']?.push(`${kind} ${state}`));
  expect(await Promise.all([left.call('who'), right.call('who')])).toEqual(['right', 'left']);
  expect(seen['left']?.filter((one) => one.endsWith('done'))).toHaveLength(2);
  expect(seen['right']?.filter((one) => one.endsWith('done'))).toHaveLength(2);
  left.close();
  await Promise.all([left.ended(), right.ended()]);
  expect([left.link, right.link]).toEqual(['ended', 'ended']);
  parent.stop();
});

test('an action of the app may call, in the transition in which the peer begins and in later ones', async () => {
  const [ours, line] = memoryPair();
  const far = farEnd(line, 'jsonrpc-lines');
  const results: unknown[] = [];
  const calling = setup({
    types: {} as { context: { agent: AnyActorRef | undefined }; events: { type: 'GO' } },
    actors: { peer },
  }).createMachine({
    context: { agent: undefined },
    entry: [
      assign({ agent: ({ spawn }) => spawn('peer', { id: 'agent', input: { stream: ours, protocol: 'jsonrpc-lines' } }) as AnyActorRef }),
      ({ context }) =>
        void peerOf<Loose>(context.agent)
          .call('first')
          .then((value) => results.push(value)),
    ],
    on: {
      GO: {
        actions: ({ context }) =>
          void peerOf<Loose>(context.agent)
            .call('second')
            .then((value) => results.push(value)),
      },
    },
  });
  const parent = createActor(calling).start();
  parent.send({ type: 'GO' });
  await settled();
  expect(asked(far.heard).map(({ method }) => method)).toEqual(['first', 'second']);
  far.say(...asked(far.heard).map(({ tag, method }) => answer(tag, method)));
  await settled();
  expect(results).toEqual(['first', 'second']);
  parent.stop();
  await settled();
  expect(ours.destroyed).toBe(true);
});
