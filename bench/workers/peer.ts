/** One end of a line, in a process of its own: the client connects, the server listens, either can be put under load. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { openChannel, unixConnect, unixListen, type Channel, type ChannelSpec } from '../../transport/index.ts';
import type { Params, Session, Side } from '../contenders/contender.ts';
import { contenders, type ContenderName } from '../contenders/index.ts';
import { underLoad, type LoadFigures, type LoadOptions } from '../load.ts';
import { serve } from './serve.ts';

export interface Echo extends LoadOptions {
  /** The size of the parameters as JSON. */
  readonly bytes: number;
}

/** An end of a line that is no socket between the two workers. */
export interface LineEnd {
  readonly contender: ContenderName;
  readonly line: ChannelSpec;
  readonly side: Side;
}

let session: Session;
let carriesBytes = false;
/** The server's, from before the client may connect: of a package that opens its sockets itself, or for one that is given them. */
let listening: Channel | undefined;
let accepted: Promise<Socket> | undefined;
const known = new Map<number, Params>();

/** Parameters that are that many bytes of JSON. */
function paramsOf(bytes: number): Params {
  const made = known.get(bytes) ?? { text: 'virtagent '.repeat(bytes / 10 + 1).slice(0, bytes - JSON.stringify({ text: '' }).length) };
  known.set(bytes, made);
  return made;
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

const tasks = {
  /** This end is the server: it takes one connection. */
  async listen({ contender, path }: { contender: ContenderName; path: string }): Promise<void> {
    if ((await contenders[contender].load()).openChannel !== undefined) {
      const channel = unixListen(path);
      listening = channel;
      return channel.listen();
    }
    const server = createServer();
    accepted = new Promise((resolve) => {
      server.once('connection', (socket) => {
        server.close();
        resolve(socket);
      });
    });
    await once(server.listen(path), 'listening');
  },

  /** Opens its end; says how the contender is set up. */
  async open({ contender, path }: { contender: ContenderName; path: string }): Promise<string> {
    const { how, open, openChannel: openOn, carriesBytes: takesBytes = false } = await contenders[contender].load();
    carriesBytes = takesBytes;
    const side = listening === undefined && accepted === undefined ? 'client' : 'server';
    if (openOn === undefined) session = await open(await (accepted ?? connected(path)), side);
    else session = await openOn(listening ?? unixConnect(path), side);
    return how;
  },

  /** Opens its end on a line of the package's own; says how the contender is set up. */
  async openLine({ contender, line, side }: LineEnd): Promise<string> {
    const { how, open } = await contenders[contender].load();
    session = await open(await openChannel(line).open(new AbortController().signal), side);
    return how;
  },

  /** Whether an echo is one. */
  async check(): Promise<void> {
    const params = paramsOf(100);
    const result = await session.call(params);
    if (!isDeepStrictEqual(result, params)) throw new Error(`the echo returned ${JSON.stringify(result)}`);
  },

  echo({ bytes, ...options }: Echo): Promise<LoadFigures> {
    const params = paramsOf(bytes);
    return underLoad(() => session.call(params), options);
  },

  /** The same with bytes that are no text, where the contender carries such. */
  bulk({ bytes, ...options }: Echo): Promise<LoadFigures> {
    const params = carriesBytes ? { text: Buffer.alloc(bytes, 'virtagent ') } : paramsOf(bytes);
    return underLoad(() => session.call(params), options);
  },

  /** Small calls one after the other, alone or while `bulk` runs. */
  async urgent({ urgency, bulk, windowMs }: { urgency: 1 | 2; bulk: Echo | undefined; windowMs: number }): Promise<{
    readonly small: LoadFigures;
    readonly bulk: LoadFigures | undefined;
  }> {
    const params = paramsOf(100);
    const [beside, small] = await Promise.all([
      bulk === undefined ? undefined : tasks.bulk(bulk),
      underLoad(() => session.call(params, urgency), { inFlight: 1, windowMs }),
    ]);
    return { small, bulk: beside };
  },
};

export type PeerTasks = typeof tasks;

serve(tasks);
