/** One end of a line of ours, in a process of its own, which is looked at in several ways while it is under load. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createPeer, type Peer } from '../../actors/index.ts';
import { createInspector } from '../../inspector/index.ts';
import { underLoad, type LoadFigures } from '../load.ts';
import { serve } from './serve.ts';

/** Nobody; an inspector without viewers; one with a viewer that turns all it is told into JSON, as one over a line would; XState's own observer. */
export type Watched = 'nobody' | 'ring' | 'viewer' | 'observer';

const params = { text: 'virtagent '.repeat(9) };
let peer: Peer;
let letGo: (() => void) | undefined;
let listening: Promise<unknown> | undefined;
let told = { bytes: 0, steps: 0, leftOut: 0 };

function watch(how: Watched): () => void {
  if (how === 'nobody') return () => {};
  if (how === 'observer') {
    const { system } = peer.ref as unknown as { system: { inspect(observer: () => void): { unsubscribe(): void } } };
    const watching = system.inspect(() => {});
    return () => watching.unsubscribe();
  }
  const inspector = createInspector({ peer });
  if (how === 'viewer')
    inspector.watch({
      take: (records) => {
        told.bytes += JSON.stringify(records).length;
        for (const record of records) {
          if (record.type === 'steps') told.steps += record.edges.length;
          else if (record.type === 'left-out') told.leftOut += record.steps;
        }
      },
    });
  return () => inspector.stop();
}

const tasks = {
  async listen(path: string): Promise<void> {
    const server = createServer();
    listening = once(server, 'connection').then(([socket]) => {
      server.close();
      peer = createPeer({ stream: socket, methods: { echo: (value: unknown) => value } });
    });
    await once(server.listen(path), 'listening');
  },

  async open(path: string): Promise<void> {
    if (listening === undefined) {
      const socket = connect(path);
      await once(socket, 'connect');
      peer = createPeer({ stream: socket });
    }
    await listening;
    await peer.ready();
  },

  watch(how: Watched): void {
    letGo?.();
    letGo = watch(how);
    told = { bytes: 0, steps: 0, leftOut: 0 };
  },

  told: () => told,

  /** Microseconds of processor time that this process has used. */
  used: (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  async echo(options: { inFlight: number; windowMs: number }): Promise<LoadFigures & { readonly calls: number }> {
    let calls = 0;
    const figures = await underLoad(() => {
      calls++;
      return peer.call('echo', params);
    }, options);
    return { ...figures, calls };
  },
};

export type InspectTasks = typeof tasks;

serve(tasks);
