/** A user closes the peer from whatever of his own code is just running; everything ends once, and nothing is left. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer, type CreatePeerOptions, type HandlerContext, type Peer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { actorWatch } from '../support/actors.ts';
import { settled, type Loose } from '../support/peers.ts';
import { ask, farEnd, type Against } from './support.ts';

interface Scene {
  readonly peer: Peer<Loose>;
  readonly far: Omit<Against, 'peer'>;
  /** Closes the peer, once. */
  readonly close: () => void;
}

/** How close() comes to be called: what the peer is given, and what is done with it. */
interface Way {
  readonly options?: (close: () => void) => Partial<CreatePeerOptions>;
  readonly play: (scene: Scene) => unknown;
}

const onJob = (state: string): Way => ({
  play: ({ peer, far, close }) => {
    peer.jobs$.subscribe((job) => {
      if (`${job.kind} ${job.state}` === state) close();
    });
    far.say(ask('j', 'quick'));
    peer.call('any', {}).catch(() => {});
    far.raw('');
  },
});

const ways: Record<string, Way> = {
  'a handler': {
    options: (close) => ({ methods: { now: () => close() } }),
    play: ({ far }) => far.say(ask(1, 'now'), ask(2, 'now'), ask(3, 'quick')),
  },
  'a handler, later': {
    options: (close) => ({ methods: { now: async () => (await settled(1), close()) } }),
    play: ({ far }) => far.say(ask(1, 'now'), ask(2, 'quick')),
  },
  'a handler that goes on to call back': {
    options: (close) => ({
      methods: {
        now: async (_: unknown, { call, progress, notify }: HandlerContext<Loose>) => {
          close();
          progress(1);
          await notify('x').catch(() => {});
          return call('back');
        },
      },
    }),
    play: ({ far }) => far.say(ask(1, 'now', { workDoneToken: 1 })),
  },
  'a schema': {
    options: (close) => ({
      methods: {
        now: { params: { '~standard': { version: 1, vendor: 'test', validate: (value) => (close(), { value }) } }, handle: () => 'ran' },
      },
    }),
    play: ({ far }) => far.say(ask(1, 'now')),
  },
  onError: {
    options: (close) => ({
      onError: close,
      methods: {
        now: () => {
          throw new Error('x');
        },
      },
    }),
    play: ({ far }) => far.say(ask(1, 'now'), ask(2, 'now')),
  },
  onProgress: {
    play: async ({ peer, far, close }) => {
      peer.call('any', {}, { onProgress: close }).catch(() => {});
      await settled();
      const { params } = far.heard.find(({ method }) => method === 'any') ?? {};
      far.say({ type: 'progress', token: String(params?.['workDoneToken']), value: 1 }, { type: 'progress', token: 'x', value: 1 });
    },
  },
  'an abort listener of a handler': {
    options: (close) => ({
      methods: { now: (_: unknown, { signal }: HandlerContext) => (signal.addEventListener('abort', close), new Promise(() => {})) },
    }),
    play: ({ far }) => far.say(ask(1, 'now'), { type: 'cancel', tag: 1 }, ask(2, 'quick')),
  },
  'the listener of a signal that cancels a call': {
    play: ({ peer, close }) => {
      const abort = new AbortController();
      abort.signal.addEventListener('abort', close);
      peer.call('any', {}, { signal: abort.signal }).catch(() => {});
      peer.call('any', {}, { signal: abort.signal }).catch(() => {});
      abort.abort();
    },
  },
  'a getter of parameters': {
    play: ({ peer, close }) =>
      void peer
        .call('any', {
          get x() {
            close();
            return 1;
          },
        })
        .catch(() => {}),
  },
  'messages$, incoming': {
    play: ({ peer, far, close }) => {
      peer.messages$.subscribe(({ direction }) => direction === 'in' && close());
      far.say(ask(1, 'quick'), ask(2, 'quick'));
    },
  },
  'messages$, outgoing': {
    play: ({ peer, close }) => {
      peer.messages$.subscribe(({ direction }) => direction === 'out' && close());
      for (let i = 0; i < 3; i++) peer.call('any', {}).catch(() => {});
    },
  },
  link$: { play: ({ peer, far, close }) => (peer.link$.subscribe(({ state }) => state === 'down' && close()), void far.line.destroy()) },
  damage$: {
    play: ({ peer, far, close }) => (
      peer.damage$.subscribe(close),
      far.raw('Content-Length: x\r\n\r\n'.repeat(20)),
      far.say(ask(1, 'quick'))
    ),
  },
  'the promise of a call': { play: ({ peer, far, close }) => (void peer.call('any', {}).catch(close), void far.line.destroy()) },
  'a snapshot of the peer’s actor': {
    play: ({ peer, far, close }) => (peer.ref.subscribe(close), void far.line.destroy()),
  },
  'a snapshot of the manager’s actor': {
    play: ({ peer, far, close }) => (peer.manager.ref.subscribe(close), far.say(ask(1, 'quick'), ask(2, 'quick'))),
  },
  'a snapshot of the transport’s actor': {
    play: ({ peer, far, close }) => (peer.transport.ref.subscribe(close), void far.line.destroy()),
  },
  'a request that enters new': onJob('server new'),
  'a request that enters busy.executing': onJob('server busy.executing'),
  'a request that enters executed': onJob('server executed'),
  'a request that enters busy.sending': onJob('server busy.sending'),
  'a request that enters busy.callback': onJob('server busy.callback'),
  'a request that is done': onJob('server done'),
  'a call that enters new': onJob('client new'),
  'a call that enters busy.sending': onJob('client busy.sending'),
  'a call that enters sent': onJob('client sent'),
};

test.each(Object.keys(ways))('from %s', async (name) => {
  const way = ways[name] as Way;
  const [ours, line] = memoryPair();
  const clock = new SimulatedClock();
  const actors = actorWatch();
  const outcomes: string[] = [];
  let closed = 0;
  const close = (): void => {
    closed++;
    peer.close();
  };
  const own = way.options?.(close) ?? {};
  const peer = createPeer<Loose>({
    stream: ours,
    protocol: 'jsonrpc-headers',
    clock,
    inspect: actors.inspect,
    ...own,
    methods: { quick: () => 'quick', hang: () => new Promise(() => {}), ...own.methods },
  });
  const far = farEnd(line, 'jsonrpc-headers');
  await peer.ready();
  // Some of everything is under way.
  far.say(ask('h1', 'hang'), ask('h2', 'hang'));
  for (let i = 0; i < 3; i++)
    peer.call('unanswered', {}).then(
      () => outcomes.push('value'),
      (error: { code: string; known: string }) => outcomes.push(`${error.code} ${error.known}`),
    );
  await settled();
  await way.play({ peer, far, close });
  await settled(10);
  expect(closed).toBeGreaterThan(0);
  await peer.ended();
  expect(outcomes).toHaveLength(3);
  expect(new Set(outcomes).size).toBe(1);
  expect(outcomes[0]).toMatch(/^(STOPPED|LINE_LOST) perhaps-executed$/);
  expect(peer.link).toBe('ended');
  expect(peer.manager.jobs).toBe(0);
  expect(peer.manager.timers.size).toBe(0);
  expect((clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size).toBe(0);
  expect(ours.destroyed).toBe(true);
  expect(actors.active()).toEqual([]);
});
