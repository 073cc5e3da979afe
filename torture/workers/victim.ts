/** The process that is attacked: it serves every connection to its socket, and says how it fares. Run with --expose-gc. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createBirpc } from 'birpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createPeer, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import { onLine } from '../../bench/contenders/lines.ts';
import { serve } from '../../bench/workers/serve.ts';
import type { Effects } from '../hostile/attack.ts';
import { noDeeds, victimMethods, type Deeds } from '../hostile/victim-methods.ts';
import { quote } from '../../transport/errors.ts';

export type VictimKind = NonNullable<CreatePeerOptions['protocol']> | 'vscode-jsonrpc' | 'birpc';

/** What became of a link: `ended` is '' while it is up. */
interface Link extends Deeds {
  ended: string;
  /** Why, as programs know it. */
  code: string;
  peer: Peer | undefined;
}

export interface LinkReport {
  readonly ended: string;
  readonly code: string;
  readonly effects: Partial<Effects>;
}

const links: Link[] = [];

/** Short, so that an attack of a second shows who is cut off. */
const stallTimeoutMs = 1_000;
const heartbeatMs = 1_000;

function meet(socket: Socket, kind: VictimKind): void {
  const link: Link = { ended: '', code: '', peer: undefined, ...noDeeds() };
  links.push(link);
  const methods = victimMethods(link, (method, params, options) => link.peer?.call(method, params, options) ?? new Promise(() => {}));
  socket.on('error', () => {});
  socket.once('close', () => (link.ended ||= 'the line was closed'));
  if (kind === 'birpc') return meetBirpc(socket, methods);
  if (kind === 'vscode-jsonrpc') return meetVscode(socket, methods);
  const peer = createPeer({
    stream: socket,
    protocol: kind,
    stallTimeoutMs,
    ...(kind === 'virtagent-2' ? { heartbeatMs } : {}),
    methods: methods as NonNullable<CreatePeerOptions['methods']>,
    onError: () => {},
  });
  link.peer = peer;
  void peer.ended().then((reason) => {
    link.ended = reason instanceof Error ? reason.message : String(reason);
    link.code = (reason as { code?: string } | undefined)?.code ?? '';
  });
}

function meetBirpc(socket: Socket, methods: ReturnType<typeof victimMethods>): void {
  createBirpc<Record<string, never>, typeof methods, false>(methods, {
    proxify: false,
    post: (line: string) => void socket.write(`${line}\n`),
    on: (take) => onLine(socket, take),
    serialize: JSON.stringify,
    deserialize: JSON.parse,
  });
}

function meetVscode(socket: Socket, methods: ReturnType<typeof victimMethods>): void {
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
  for (const name of ['echo', 'never', 'big']) connection.onRequest(name, (params: unknown) => methods[name]?.(params));
  connection.onError(() => {});
  connection.listen();
}

// What a message does to a package that is not ours is what is measured: it is noted, and the process lives on.
let thrown: { readonly what?: string; readonly times: number } = { times: 0 };
const note = (error: unknown): void => {
  const { what = error instanceof Error ? error.message : 'something', times } = thrown;
  thrown = { what, times: times + 1 };
};
process.on('uncaughtException', note);
process.on('unhandledRejection', note);

const tasks = {
  async listen({ kind, path }: { kind: VictimKind; path: string }): Promise<number> {
    const server = createServer((socket) => meet(socket, kind));
    await once(server.listen(path), 'listening');
    return process.pid;
  },

  /** Bytes that are in use after collection. */
  async held(): Promise<number> {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      (globalThis as unknown as { gc: () => void }).gc();
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },

  /** What became of the link that came as the n-th. */
  link(n: number): LinkReport {
    const link = links[n];
    if (link === undefined) return { ended: 'it was never met', code: '', effects: {} };
    const { ended, code, peer, ...deeds } = link;
    return { ended, code, effects: { ...deeds, ...(peer === undefined ? {} : { ...peer.counters, sessions: peer.sessions }) } };
  },

  /** Links that have ended are not looked at any more: what is held is to be the package's own. */
  forget(): void {
    for (const link of links) if (link.ended !== '') link.peer = undefined;
  },

  links: (): number => links.length,

  /** The first that was thrown where nobody could catch it since the last question, and how often something was. It quotes who attacks. */
  thrown(): string[] {
    const { what, times } = thrown;
    thrown = { times: 0 };
    return what === undefined ? [] : [`${quote(what)}, the first of ${times}`];
  },

  isPolluted: (): boolean => 'polluted' in {},
};

export type VictimTasks = typeof tasks;

serve(tasks);
