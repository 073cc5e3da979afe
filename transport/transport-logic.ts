import type { AnyActorRef, SnapshotFrom } from 'xstate';
import { linkMachine, type LinkEvent } from '../machines/link.ts';
import { invalidOption } from './errors.ts';
import { Transport } from './transport.ts';
import type { TransportInput } from './transport-input.ts';

const transports = new WeakMap<AnyActorRef, Transport>();

/** The transport that an actor of {@link transportLogic} runs. */
export function transportOf(ref: AnyActorRef): Transport {
  const transport = transports.get(ref);
  if (transport === undefined) invalidOption('ref', ref.id, 'an actor made from transportLogic');
  return transport;
}

/** Effects are run right after the transition that asks for them: they may send events and make actors. */
const provided = linkMachine.provide({
  actions: {
    connect: ({ self }) => transportOf(self)._after((transport) => transport._connect()),
    abandon: ({ self }) => transportOf(self)._after((transport) => transport._abandon()),
    attach: ({ self }) => transportOf(self)._after((transport) => transport._attach()),
    greet: ({ self }) => transportOf(self)._after((transport) => transport._greet()),
    announce: ({ self }) => transportOf(self)._after((transport) => transport._announce()),
    finish: ({ self }) => transportOf(self)._after((transport) => transport._finish()),
    disarmFinish: ({ self }) => transportOf(self)._after((transport) => transport._disarm('finish')),
    drop: ({ self, context: { closing } }, { reason }) => transportOf(self)._after((transport) => transport._drop(reason, closing)),
    armRetry: ({ self }, { attempts }) => transportOf(self)._after((transport) => transport._armRetry(attempts)),
    disarmRetry: ({ self }) => transportOf(self)._after((transport) => transport._disarm('retry')),
    pauseReading: ({ self }) => transportOf(self)._after((transport) => transport._pauseReading()),
    resumeReading: ({ self }) => transportOf(self)._after((transport) => transport._resumeReading()),
    report: ({ self }) => void transportOf(self).counters.violations++,
  },
});

/** The transport as actor logic: the link's chart, at work on a channel. `xstate.stop` lets go of the line at once. */
export const transportLogic: Omit<typeof provided, 'provide'> = Object.create(provided, {
  getInitialSnapshot: {
    value: (scope: Parameters<typeof provided.getInitialSnapshot>[0], input: TransportInput) => {
      transports.set(scope.self, new Transport(scope.self, input));
      return provided.getInitialSnapshot(scope, { reopens: input.channel.reopens, retries: input.retries ?? false });
    },
  },
  transition: {
    value: (snapshot: SnapshotFrom<typeof provided>, event: LinkEvent, scope: Parameters<typeof provided.transition>[2]) => {
      if ((event.type as string) === 'xstate.stop') transportOf(scope.self)._stop();
      const transport = transportOf(scope.self);
      const next = provided.transition(snapshot, event, scope);
      if (next.value !== snapshot.value) transport._after(() => transport._moved(next.value, next.context, next.status));
      scope.defer(() => transport._runEffects());
      return next;
    },
  },
});
