import { afterEach } from 'vitest';
import { createPeer, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import type { MethodTypes } from '../../actors/methods.ts';
import { memoryPair, protocolByName, protocolNames, type ProtocolName } from '../../transport/index.ts';

const open: Peer[] = [];

afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
});

/** Any methods, for tests that don't type theirs. */
// oxlint-disable-next-line typescript/no-explicit-any -- results are looked into
export type Loose = Record<string, (params?: any) => any>;

/** A peer that the test need not close. */
export function opened<Remote extends MethodTypes = Loose>(options: CreatePeerOptions): Peer<Remote> {
  const peer = createPeer<Remote>(options);
  open.push(peer as unknown as Peer);
  return peer;
}

/** Two peers on an in-memory line, both up. */
export async function pairOfPeers(
  host: Omit<CreatePeerOptions, 'stream'> = {},
  guest: Omit<CreatePeerOptions, 'stream'> = {},
): Promise<{ host: Peer<Loose>; guest: Peer<Loose> }> {
  const [a, b] = memoryPair();
  const pair = { host: opened({ stream: a, ...host }), guest: opened({ stream: b, protocol: host.protocol, ...guest }) };
  await Promise.all([pair.host.ready(), pair.guest.ready()]);
  return pair;
}

/** Every protocol in which both sides ask, so that two peers can be on one line. */
export const everyProtocol: readonly { readonly protocol: ProtocolName }[] = protocolNames
  .filter((protocol) => protocolByName(protocol).serves)
  .map((protocol) => ({ protocol }));

/** What a promise rejects with; fails the test if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error as Error & Record<string, unknown>,
  );
}

/** A promise and its handles. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is already under way happen: microtasks, ticks, and the next turns of the loop. */
export async function settled(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
