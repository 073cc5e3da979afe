import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { VirtagentError } from '../../transport/errors.ts';
import type { Channel } from '../../transport/channels/channel.ts';

export const never: AbortSignal = new AbortController().signal;

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'va-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Closes the channel after the test, also when it failed. */
export function closing<Kind extends Channel>(channel: Kind): Kind {
  onTestFinished(() => channel.close());
  return channel;
}

/** Destroys the stream after the test. */
export function ending<Stream extends Duplex>(stream: Stream): Stream {
  stream.on('error', () => {});
  onTestFinished(() => void stream.destroy());
  return stream;
}

/** The next line, destroyed after the test. */
export async function line(channel: Channel): Promise<Duplex> {
  return ending(await channel.open(never));
}

/** A plain socket, connected. */
export async function peer(to: NetConnectOpts): Promise<Socket> {
  const socket = ending(connect({ allowHalfOpen: true, ...to }));
  await once(socket, 'connect');
  return socket;
}

/** A plain server, listening. */
export async function server(
  at: { path: string } | { port: number; host: string },
  onPeer: (socket: Socket) => void = () => {},
): Promise<Server> {
  const made = createServer({ allowHalfOpen: true }, (socket) => onPeer(ending(socket))).listen(at);
  onTestFinished(() => void made.close());
  await once(made, 'listening');
  return made;
}

/** What a failed open() is to tell. */
export async function failure(promise: Promise<unknown>): Promise<VirtagentError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof VirtagentError) return error;
  throw error;
}

/** The code of a failure, and its message checked to be one line that names `place`. */
export async function codeOf(promise: Promise<unknown>, place: string): Promise<string> {
  const { code, message } = await failure(promise);
  if (message.includes('\n') || !message.includes(place)) throw new Error(`a bad message: ${message}`);
  return code;
}

/** All that comes until the end. */
export async function text(stream: Readable): Promise<string> {
  let all = '';
  stream.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
  if (!stream.readableEnded) await once(stream, 'end');
  return all;
}

/** The next `length` bytes. */
export async function bytes(stream: Readable, length: number): Promise<string> {
  for (;;) {
    const chunk = stream.read(length) as Buffer | null;
    if (chunk !== null) return chunk.toString('latin1');
    await once(stream, 'readable');
  }
}

/** Turns of the event loop: what the system has ready is delivered in them. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Waits turn by turn; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}

/** What of the `now` was not there `before`. What goes meanwhile is of what was before: a test's end, a runner's timer. */
export function moreThan(before: readonly string[], now: readonly string[]): string[] {
  const left = [...before];
  return now.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Runs `action` as a user whom permissions bind: tests often run as root. */
export async function asNobody<Result>(action: () => Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
