/** Ours, as its README sets it up: all options are the defaults, the package is the built one. */
import type { Duplex } from 'node:stream';
import { createPeer } from '../../actors/index.ts';
import type { Channel } from '../../transport/index.ts';
import type { Contender, Params, Session, Side } from './contender.ts';

type Options = Omit<Parameters<typeof createPeer>[0], 'stream' | 'methods'>;

interface Remote {
  echo(params: Params): unknown;
}

function ours(how: string, options: (side: Side) => Options): Contender {
  const begin = async (line: { readonly stream: Duplex } | { readonly channel: Channel }, side: Side): Promise<Session> => {
    const peer = createPeer<Remote>({ ...line, methods: { echo: (params: Params) => params }, ...options(side) });
    await peer.ready();
    return { call: (params, urgency) => peer.call('echo', params, urgency === undefined ? {} : { urgency }) };
  };
  return {
    how: `createPeer({ channel, ${how} }), peer.call('echo', params); default options`,
    open: (stream, side) => begin({ stream }, side),
    openChannel: (channel, side) => begin({ channel }, side),
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
