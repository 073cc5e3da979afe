// Compiled against the packed package by scripts/check-consumer.mjs: what a user's program may rely on.
import { createInspector, type Inspector, type InspectRecord } from 'virtagent/inspector';
import { createActor, setup } from 'xstate';
import { createManager, createPeer, method, peer, peerOf, VirtagentError, type HandlerContext, type Schema } from 'virtagent';
import { clientJob, managerMachine, serverJob } from 'virtagent/machines';
import { memoryPair, protocolNames, unixListen, VirtagentV7Codec, v7Limits } from 'virtagent/transport';

interface Guest {
  double(params: { n: number }): { n: number };
  ping(): void;
  maybe(params?: { x: string }): string;
}

declare const numberSchema: Schema<unknown, { n: number }>;

const [left, right] = memoryPair();
const host = createPeer<Guest>({ stream: left, methods: { name: () => 'host' } });
const guest = createPeer({
  stream: right,
  methods: {
    double: method({ params: numberSchema, handle: ({ n }) => ({ n: n * 2 }) }),
    ping: (_params: unknown, context: HandlerContext) => void context.signal,
  },
});
const doubled: { n: number } = await host.call('double', { n: 1 }, { urgency: 2, timeoutMs: 1_000 });
const nothing: void = await host.call('ping');
const text: string = await host.call('maybe');
const unknownResult: unknown = await guest.call('name');
// @ts-expect-error -- a method that the guest does not have
await host.call('triple', { n: 1 });
// @ts-expect-error -- parameters are needed
await host.call('double');
// @ts-expect-error -- and of the right type
await host.call('double', { n: 'one' });

const app = setup({ actors: { peer } }).createMachine({
  invoke: { src: 'peer', id: 'agent', input: { stream: left, protocol: 'virtagent-v7', role: 'host' } },
});
const running = createActor(app).start();
peerOf<Guest>(running.getSnapshot().children['agent'])
  .call('ping')
  .catch((error: unknown) => error instanceof VirtagentError && error.code === 'TIMEOUT' && error.known);
const added = createManager({ sendSlots: 2 }).addClient({ tag: 'a', operations: { callback: (outcome) => outcome.type } });
if (!added.ok) throw added.error;
const inspector: Inspector = createInspector({ peer: host, control: true });
const kinds: string[] = [];
inspector.watch({ take: (records: readonly InspectRecord[]) => kinds.push(...records.map(({ type }) => type)) });
inspector.stop();
export {
  app,
  clientJob,
  doubled,
  managerMachine,
  nothing,
  protocolNames,
  serverJob,
  text,
  unixListen,
  unknownResult,
  v7Limits,
  VirtagentV7Codec,
};
