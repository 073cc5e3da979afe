import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { channelError } from '../transport/channels/explain.ts';
import { invalidOption, quote } from '../transport/errors.ts';
import { checkNames, optionNames } from '../transport/option-names.ts';
import { actOf, noAct, notDone } from './acts.ts';
import { EventStream, hasRoom, letGoOfIdle } from './event-stream.ts';
import { isLoopback, isToken, makeToken, pathBelow, refusal, securityHeaders } from './http-guards.ts';
import { readBody } from './json-body.ts';
import { readPageFiles, type PageFiles } from './page-files.ts';
import { Past } from './past.ts';
import { recordingLine } from './recording.ts';
import type { Act, ActResult, InspectRecord } from './records.ts';
import type { Watchable } from './watchable.ts';

/** Where and how an inspector is served. */
export interface ServeOptions {
  /** A name or address of this machine; 127.0.0.1 unless told, which nobody else reaches. */
  readonly host?: string | undefined;
  /** 0, the default, lets the system choose a free one. */
  readonly port?: number | undefined;
  /** The secret in the address: 22 or more letters, digits, `_` and `-`. A new one of 192 bits unless told. */
  readonly token?: string | undefined;
  /** The folder of the page's files, or the files; default: those of this package. Without them there is a line of text in their place. */
  readonly page?: string | PageFiles | undefined;
  /**
   * Takes connections that ask for another protocol (WebSockets), by the path below the token; false: not that one. They come from pages
   * of any origin, viewers of others among them: the token alone says that they may.
   */
  readonly onUpgrade?: ((path: string, request: IncomingMessage, socket: Duplex, head: Buffer) => boolean) | undefined;
  /** What errors call the address: the option that gave it. */
  readonly option?: string | undefined;
}

/** An inspector that is served. */
export interface InspectServer {
  /** The whole address, token included: whoever has it sees what the inspector shows. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Whether only this machine reaches it. */
  readonly isLoopback: boolean;
  /** Ends all connections. Resolves when the port is free again. */
  close(): Promise<void>;
}

const names = optionNames<ServeOptions>({ host: true, port: true, token: true, page: true, onUpgrade: true, option: true });

/** What a hostile browser, or very many of them, can make this process hold. */
const limits = Object.freeze({ connections: 64, viewers: 16, bodyBytes: 1024 * 1024, calls: 16, requestMs: 10_000, checkMs: 1_000 });

const busy = Object.freeze({ code: 'BUSY', message: `${limits.calls} calls are under way` });

/** How long a viewer that does not read may hold up the end. */
const LAST_WORDS_MS = 250;

/** What is said where the page would be. */
const noPage = [
  'This inspector has no page: its program came without it, as the single file of a guest does.',
  'Its records are in records, beside this; virtagent top --inspect ADDRESS shows them, and so does the page of an agent',
  'that is given --inspect-peer ADDRESS.',
].join('\n');

/**
 * Serves an inspector over HTTP: the page, its records as server-sent events, and what viewers ask for.
 *
 * Rejects with INVALID_OPTION, or with a CHANNEL_ error that names the address and the option: CHANNEL_IN_USE where another process
 * listens there.
 */
export async function serveInspector(inspector: Watchable, options: ServeOptions = {}): Promise<InspectServer> {
  checkNames('options', options, names);
  const { host = '127.0.0.1', port = 0, token = makeToken(), page, option = 'host and port' } = options;
  if (host === '') invalidOption('host', host, 'a name or an address of this machine');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) invalidOption('port', port, 'a whole number from 0 to 65535');
  if (!isToken(token)) invalidOption('token', `${token.length} characters`, '22 to 200 letters, digits, _ and -');
  const files = typeof page === 'object' ? page : await findPage(page);
  const site = new Site(inspector, { host, token, files });
  const server = createServer({ connectionsCheckingInterval: limits.checkMs }, (request, response) => site.answer(request, response));
  server.maxConnections = limits.connections;
  server.headersTimeout = limits.requestMs;
  server.requestTimeout = limits.requestMs;
  const upgraded = new Set<Duplex>();
  if (options.onUpgrade !== undefined) server.on('upgrade', upgrading({ host, token, take: options.onUpgrade, upgraded }));
  // A browser that sends what is no HTTP is told no more than that.
  server.on('clientError', (_, socket) => socket.destroy());
  const actual = await listen(server, host, port, option);
  let closed: Promise<unknown> | undefined;
  return {
    url: `http://${shown(host, actual.port)}/${token}/`,
    host,
    port: actual.port,
    isLoopback: isLoopback(actual.address),
    async close() {
      site.close();
      closed ??= once(server.close(), 'close');
      // What was told last is still on its way.
      const cut = setTimeout(() => {
        server.closeAllConnections();
        // Of these the server knows nothing any more.
        for (const socket of upgraded) socket.destroy();
      }, LAST_WORDS_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** The page is built beside the library's folder, and beside what is bundled. */
async function findPage(folder: string | undefined): Promise<PageFiles | undefined> {
  if (folder !== undefined) return readPageFiles(folder);
  for (const near of ['../inspector-page', 'inspector-page']) {
    const files = await readPageFiles(join(import.meta.dirname, near));
    if (files !== undefined) return files;
  }
  return undefined;
}

interface Upgrading {
  readonly host: string;
  readonly token: string;
  readonly take: NonNullable<ServeOptions['onUpgrade']>;
  /** Connections that were taken, while they are there. */
  readonly upgraded: Set<Duplex>;
}

function upgrading({ host, token, take, upgraded }: Upgrading): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    socket.on('error', () => {});
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    const path = pathBelow(token, request.url);
    const { origin: _, 'sec-fetch-site': __, ...headers } = request.headers;
    const refused = refusal(headers, { host, localAddress: request.socket.localAddress }, false);
    if (path !== undefined && refused === undefined && take(path, request, socket, head)) return;
    // Whoever was refused and stays all the same would take a place for ever.
    socket.once('finish', () => socket.destroy());
    socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  };
}

async function listen(server: Server, host: string, port: number, option: string): Promise<AddressInfo> {
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw channelError(`the inspector's address ${shown(host, port)} (${option})`, error);
  }
  server.on('error', () => {});
  return server.address() as AddressInfo;
}

function shown(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

interface SiteOptions {
  readonly host: string;
  readonly token: string;
  readonly files: PageFiles | undefined;
}

/** What is below the token, and who may see it. */
class Site {
  readonly #inspector: Watchable;
  readonly #options: SiteOptions;
  readonly #viewers = new Set<() => void>();
  #calls = 0;

  constructor(inspector: Watchable, options: SiteOptions) {
    this.#inspector = inspector;
    this.#options = options;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { host, token } = this.#options;
    const { method, headers, socket } = request;
    const path = pathBelow(token, request.url);
    const isNavigation = method === 'GET' && path === '/';
    const refused = refusal(headers, { host, localAddress: socket.localAddress }, isNavigation);
    if (refused === 'host') return say(response, 421, 'this is not that host');
    if (refused === 'origin') return say(response, 403, 'another origin may not ask');
    if (path === undefined) return say(response, 403, 'the token is wrong');
    if (path === '/act') return this.#act(request, response);
    if (method !== 'GET' && method !== 'HEAD') return say(response, 405, 'only GET and HEAD', { allow: 'GET, HEAD' });
    if (path === '') return say(response, 308, 'the page is below', { location: `/${token}/` });
    if (path === '/records') return this.#records(request, response);
    if (path === '/recording') return this.#recording(request, response);
    this.#file(path === '/' ? 'index.html' : path.slice(1), request, response);
  }

  /** Ends what is under way. */
  close(): void {
    for (const end of this.#viewers) end();
  }

  #file(name: string, request: IncomingMessage, response: ServerResponse): void {
    const { files } = this.#options;
    const file = files?.get(name);
    if (files === undefined && name === 'index.html') return say(response, 200, noPage);
    if (file === undefined) return say(response, 404, 'there is no such file');
    const { type, bytes } = file;
    response.writeHead(200, { ...securityHeaders, 'content-type': type, 'content-length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  #records(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD') return void response.writeHead(200, { ...securityHeaders, 'content-type': 'text/event-stream' }).end();
    if (!this.#hasRoom(response)) return;
    const stream = new EventStream(response, securityHeaders);
    this.#watch(response, stream, () => stream.end());
  }

  /** What the ring holds, as a recording. */
  #recording(request: IncomingMessage, response: ServerResponse): void {
    const headers = { 'content-type': 'application/x-ndjson', 'content-disposition': 'attachment; filename="virtagent-recording.jsonl"' };
    if (request.method === 'HEAD') return void response.writeHead(200, { ...securityHeaders, ...headers }).end();
    if (!this.#hasRoom(response)) return;
    response.writeHead(200, { ...securityHeaders, ...headers });
    const past = new Past();
    const take = (records: readonly InspectRecord[]): void => {
      if (past.isOver) return;
      response.write(past.of(records).map(recordingLine).join(''));
      // Its own watching may not have begun: it is ended after that.
      if (past.isOver) queueMicrotask(() => response.end());
    };
    const isReady = (): boolean => hasRoom(response);
    this.#watch(response, { take, isReady }, () => response.end());
  }

  #hasRoom(response: ServerResponse): boolean {
    if (this.#viewers.size < limits.viewers) return true;
    say(response, 503, `${limits.viewers} viewers look on already, which are as many as there may be`, { 'retry-after': '5' });
    return false;
  }

  #watch(response: ServerResponse, viewer: Parameters<Watchable['watch']>[0], end: () => void): void {
    this.#viewers.add(end);
    const watching = this.#inspector.watch(viewer);
    response.on('error', () => {});
    letGoOfIdle(response);
    response.once('close', () => {
      this.#viewers.delete(end);
      watching.stop();
    });
  }

  #act(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'POST') return say(response, 405, 'only POST', { allow: 'POST' });
    // A form of a foreign page can't have that type without asking first, and nobody answers that.
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      return say(response, 415, 'an act is application/json');
    void this.#done(request, response).catch(() => tell(response, 500, notDone('HANDLER_FAILED', 'the act failed')));
  }

  async #done(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, limits.bodyBytes);
    if (body === 'too-large') return say(response, 413, `an act has at most ${limits.bodyBytes} bytes`, { connection: 'close' });
    if (body === 'no-json') return tell(response, 400, notDone('PARSE_ERROR', 'the body is not JSON'));
    if (body === undefined) return;
    const act = actOf(body.value);
    if (act === undefined) return tell(response, 400, notDone('INVALID_REQUEST', noAct(body.value)));
    const result = await (act.do === 'call' ? this.#call(act) : this.#inspector.act(act));
    tell(response, statusOf(result), result);
  }

  /** Only calls wait for anybody: what ends or pauses them is done however many there are. */
  async #call(act: Act): Promise<ActResult> {
    if (this.#calls >= limits.calls) return { ok: false, error: busy };
    this.#calls++;
    return this.#inspector.act(act).finally(() => this.#calls--);
  }
}

function statusOf(result: ActResult): number {
  if (result.ok) return 200;
  if (result.error === busy) return 503;
  return result.error.code === 'FORBIDDEN' ? 403 : 200;
}

function say(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  end(response, status, `${text}\n`, { ...headers, 'content-type': 'text/plain; charset=utf-8' });
}

function tell(response: ServerResponse, status: number, result: ActResult): void {
  let text: string;
  try {
    text = JSON.stringify(result);
  } catch (error) {
    text = JSON.stringify(notDone('UNENCODABLE', `the result is no JSON: ${quote(error instanceof Error ? error.message : error)}`));
  }
  end(response, status, text, { 'content-type': 'application/json; charset=utf-8' });
}

function end(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(text);
  response.writeHead(status, { ...securityHeaders, ...headers, 'content-length': bytes.length }).end(bytes);
}
