/** The process that is attacked: it serves every connection to its socket, and says how it fares. Run with --expose-gc. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createBirpc } from 'birpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createPeer, type CreatePeerOptions, type HandlerContext } from '../../actors/index.ts';
import { onLine } from '../../bench/contenders/lines.ts';
import { serve } from '../../bench/workers/serve.ts';

export type VictimKind = NonNullable<CreatePeerOptions['protocol']> | 'vscode-jsonrpc' | 'birpc';

/** What became of a link: '' while it is up. */
interface Link {
  ended: string;
}

const links: Link[] = [];
const never = (): Promise<never> => new Promise(() => {});
const methods: Record<string, (params?: unknown, context?: HandlerContext) => unknown> = {
  echo: (params: unknown) => params,
  never,
  big: (size: unknown) => ({
    text: 'x'.repeat(Math.min(typeof size === 'number' ? size : ((size as { x?: number })?.x ?? 1_000_000), 10_000_000)),
  }),
  ask: (_params: unknown, context?: HandlerContext) => context?.call('any', {}),
};

/** Short, so that an attack of a second shows who is cut off. */
const stallTimeoutMs = 1_000;
const heartbeatMs = 1_000;

function meet(socket: Socket, kind: VictimKind): void {
  const link: Link = { ended: '' };
  links.push(link);
  socket.on('error', () => {});
  socket.once('close', () => (link.ended ||= 'the line was closed'));
  if (kind === 'birpc') return meetBirpc(socket);
  if (kind === 'vscode-jsonrpc') return meetVscode(socket);
  const peer = createPeer({
    stream: socket,
    protocol: kind,
    stallTimeoutMs,
    ...(kind === 'virtagent-2' ? { heartbeatMs } : {}),
    methods: methods as NonNullable<CreatePeerOptions['methods']>,
    onError: () => {},
  });
  void peer.ended().then((reason) => (link.ended = reason instanceof Error ? reason.message : String(reason)));
}

function meetBirpc(socket: Socket): void {
  createBirpc<Record<string, never>, typeof methods, false>(methods, {
    proxify: false,
    post: (line: string) => void socket.write(`${line}\n`),
    on: (take) => onLine(socket, take),
    serialize: JSON.stringify,
    deserialize: JSON.parse,
  });
}

function meetVscode(socket: Socket): void {
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
  for (const name of ['echo', 'never', 'big']) connection.onRequest(name, (params: unknown) => methods[name]?.(params));
  connection.onError(() => {});
  connection.listen();
}

// What a message does to a package that is not ours is what is measured: it is noted, and the process lives on.
const thrown = new Map<string, number>();
const note = (error: unknown): void => {
  const what = error instanceof Error ? error.message.slice(0, 80) : 'something';
  thrown.set(what, (thrown.get(what) ?? 0) + 1);
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
  link: (n: number): Link => links[n] ?? { ended: 'it was never met' },
  links: (): number => links.length,

  /** What was thrown where nobody could catch it, since the last question. */
  thrown(): string[] {
    const all = [...thrown].map(([what, times]) => `${what} (${times})`);
    thrown.clear();
    return all;
  },

  isPolluted: (): boolean => 'polluted' in {},
};

export type VictimTasks = typeof tasks;

serve(tasks);
