import { expect, test } from 'vitest';
import { createActor, setup, SimulatedClock } from 'xstate';
import { createPeer, peer as peerLogic, peerOf, type Peer } from '../../actors/index.ts';
import { encodeHello, FrameReader, type Hello } from '../../transport/codecs/virtagent-2-frames.ts';
import { actorWatch } from '../support/actors.ts';
import { settled, type Loose } from '../support/peers.ts';
import { framesOf, kindOf, onLine, Relay } from '../support/relay.ts';

const withoutData = (_: 0 | 1, chunk: Buffer): Buffer => onLine(framesOf(chunk).filter((frame) => kindOf(frame) !== 'data'));

/** The moments in the life of a session: how a peer comes to each. */
const moments: Record<string, (relay: Relay, clock: SimulatedClock) => Promise<void>> = {
  'before its line is open': async () => {},
  'while it greets': async (relay) => {
    relay.filter = () => undefined;
    await settled();
  },
  'when the limits have been lost': async (relay) => {
    relay.filter = withoutData;
    await settled();
  },
  'when it is up': () => settled(),
  'while it is interrupted': async (relay) => {
    await settled();
    relay.cut();
    await settled();
  },
  'while it greets again': async (relay, clock) => {
    await settled();
    relay.filter = () => undefined;
    relay.cut();
    for (let n = 0; n < 10; n++) {
      await settled(2);
      clock.increment(20);
    }
  },
  'when the other side says that its line began anew': async (relay) => {
    const hellos: Buffer[] = [];
    relay.filter = (from, chunk) => {
      if (from === 1)
        hellos.push(
          ...framesOf(chunk)
            .filter((frame) => kindOf(frame) === 'hello')
            .map((frame) => Buffer.from(frame)),
        );
      return chunk;
    };
    await settled();
    relay.filter = () => undefined;
    relay.say(0, anew(hellos[0] as Buffer));
    await settled();
  },
};

/** The same HELLO, of another line. */
function anew(frame: Buffer): Buffer {
  const [, hello] = new FrameReader(256).push(onLine([frame, frame]));
  return encodeHello({ ...(hello as Hello), line: '0123456789ab', seen: '' });
}

const cases = Object.keys(moments).flatMap((moment) => ['close', 'stop', 'leave'].map((how) => ({ moment, how })));

test.each(cases)('$how $moment: its calls end, and nothing of it is left', async ({ moment, how }) => {
  const clock = new SimulatedClock();
  const relay = new Relay();
  const watch = actorWatch();
  const options = { channel: relay.left, protocol: 'virtagent-2', clock, retries: true } as const;
  const other = createPeer<Loose>({
    channel: relay.right,
    protocol: 'virtagent-2',
    clock,
    methods: { never: () => new Promise(() => {}) },
  });
  let made: Peer<Loose>;
  let leave = (): void => {};
  if (how === 'leave') {
    const app = createActor(
      setup({ actors: { peer: peerLogic } }).createMachine({
        initial: 'on',
        states: { on: { invoke: { src: 'peer', id: 'agent', input: options as never }, on: { leave: 'off' } }, off: {} },
      }),
      { inspect: watch.inspect },
    );
    app.start();
    made = peerOf<Loose>(app.getSnapshot().children['agent'] as never);
    leave = () => app.send({ type: 'leave' });
  } else made = createPeer<Loose>({ ...options, inspect: watch.inspect });
  const reached = moments[moment] as (relay: Relay, clock: SimulatedClock) => Promise<void>;
  const outcomes: string[] = [];
  const call = (): void => {
    made.call('never').catch((error: { code: string }) => outcomes.push(error.code));
  };
  call();
  await reached(relay, clock);
  if (moment.includes('anew')) expect(made.link).toBe('greeting');
  call();
  if (how === 'close') made.close();
  else if (how === 'leave') leave();
  else {
    const stopped = made.stop({ timeoutMs: 1_000 });
    for (let n = 0; n < 30; n++) {
      await settled(1);
      clock.increment(50);
    }
    await stopped;
  }
  await settled();
  expect(outcomes).toEqual(['STOPPED', 'STOPPED']);
  expect(made.manager.timers.size).toBe(0);
  expect(made.manager.violations).toBe(0);
  other.close();
  await settled();
  expect(other.manager.timers.size).toBe(0);
  expect(watch.active().filter((id) => !id.startsWith('x:'))).toEqual([]);
});
