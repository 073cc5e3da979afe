/** Ours, as its README sets it up: all options are the defaults, the package is the built one. */
import { createPeer } from '../../actors/index.ts';
import type { Contender, Params, Side } from './contender.ts';

type Options = Omit<Parameters<typeof createPeer>[0], 'stream' | 'methods'>;

interface Remote {
  echo(params: Params): unknown;
}

function ours(how: string, options: (side: Side) => Options): Contender {
  return {
    how: `createPeer({ stream, ${how} }), peer.call('echo', params); default options`,
    async open(stream, side) {
      const peer = createPeer<Remote>({ stream, methods: { echo: (params: Params) => params }, ...options(side) });
      await peer.ready();
      return { call: (params, urgency) => peer.call('echo', params, urgency === undefined ? {} : { urgency }) };
    },
  };
}

export const v2: Contender = { ...ours("protocol: 'virtagent-2'", () => ({ protocol: 'virtagent-2' })), carriesBytes: true };
export const lines = ours("protocol: 'jsonrpc-lines'", () => ({ protocol: 'jsonrpc-lines' }));
export const headers = ours("protocol: 'jsonrpc-headers'", () => ({ protocol: 'jsonrpc-headers' }));
/** The host asks the guest for its methods first; `ready` waits for that. */
export const v7 = ours("protocol: 'virtagent-v7', role", (side) => ({
  protocol: 'virtagent-v7',
  role: side === 'client' ? 'host' : 'guest',
}));
