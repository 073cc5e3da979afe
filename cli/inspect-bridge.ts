import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Peer } from '../actors/index.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';

/** Whom actors are shown to besides our own page. */
export type BridgeChoice = { readonly to: 'xstate' } | { readonly to: 'stately'; readonly url: string | undefined };

/** Viewers of `@xstate/inspect` at once. */
const MOST_VIEWERS = 4;

/** The longest message that a viewer has to send. */
const MOST_BYTES = 4096;

/** What `--inspect-bridge` says. Throws INVALID_OPTION. */
export function bridgeChoice(text: string | undefined): BridgeChoice | undefined {
  if (text === undefined) return undefined;
  if (text === 'xstate') return { to: 'xstate' };
  const [, url] =
    /^stately(?:=(wss?:\/\/\S+))?$/.exec(text) ?? invalidOption('--inspect-bridge', text, 'xstate, stately or stately=ws://HOST:PORT');
  if (url !== undefined && !URL.canParse(url)) invalidOption('--inspect-bridge', text, 'stately=ws://HOST:PORT');
  return { to: 'stately', url };
}

/** Takes the WebSockets of viewers that speak `@xstate/inspect`'s protocol, at `xstate` below the token. */
export async function xstateBridge(
  peer: () => Peer | undefined,
): Promise<(path: string, request: IncomingMessage, socket: Duplex, head: Buffer) => boolean> {
  const { bridgeToXstateInspect } = await import('../inspector/bridges/xstate-inspect.ts');
  const { WebSocketServer } = await import('ws').catch((error: unknown) => {
    throw new VirtagentError('CHANNEL_UNUSABLE', '--inspect-bridge xstate: the package ws is missing here', { cause: error });
  });
  const server = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES });
  return (path, request, socket, head) => {
    const watched = peer();
    if (path !== '/xstate' || watched === undefined || server.clients.size >= MOST_VIEWERS) return false;
    server.handleUpgrade(request, socket, head, (viewer) => {
      viewer.on('error', () => {});
      bridgeToXstateInspect(watched, viewer);
    });
    return true;
  };
}
