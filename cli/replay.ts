import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Recorded } from '../inspector/recorded.ts';
import { RecordingReader, type Recording } from '../inspector/recording.ts';
import { serveInspector } from '../inspector/server.ts';
import { errnoOf } from '../transport/channels/explain.ts';
import { tcpAddress } from '../transport/channels/open.ts';
import { invalidOption, quote } from '../transport/errors.ts';
import type { Context } from './context.ts';
import { notRead } from './local-failure.ts';
import { Log } from './log.ts';
import { sayAddress, warnOfOthers } from './say-address.ts';
import { aborted } from './stopping.ts';

/** The options of `virtagent replay`, as commander has them. */
export interface RawReplayOptions {
  readonly inspect?: string;
  readonly json?: true;
}

/** A recording is read into memory, where it takes several times its size. */
const MOST_BYTES = 512 * 1024 * 1024;

const remedy = 'Give a file that --record has written.';

/** Serves the inspector's page with a recording, until a signal. Throws where there is nothing to show. */
export async function runReplay(path: string, { inspect, json }: RawReplayOptions, { err, stopping }: Context): Promise<void> {
  const address = inspect === undefined ? { port: 0 } : tcpAddress(inspect, 0, '--inspect');
  const log = new Log(err, { json: json === true, quiet: false });
  const recording = await read(path);
  const { records, problems, unread } = recording;
  for (const { line, problem } of problems) log.always('warn', 'recording', `${path}, line ${line}: ${problem}`, { line });
  if (unread > problems.length) log.always('warn', 'recording', `${path}: ${unread} lines could not be read in all`, { unread });
  if (records.length === 0) notRead(quote(path), 'it has nothing that can be shown', remedy);
  const server = await serveInspector(new Recorded(recording), { ...address, option: '--inspect' });
  try {
    sayAddress(server, log);
    warnOfOthers(server, log);
    await aborted(stopping.signal);
  } finally {
    await server.close();
    log.end();
  }
}

async function read(path: string): Promise<Recording> {
  const reader = new RecordingReader();
  try {
    if (path.includes('\0')) invalidOption('FILE', path, 'the path of a file');
    const about = await stat(path);
    if (!about.isFile()) invalidOption('FILE', path, 'the path of a regular file');
    if (about.size > MOST_BYTES) invalidOption('FILE', `${about.size} bytes`, `a recording of at most ${MOST_BYTES} bytes`);
    for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 }) as AsyncIterable<string>)
      reader.push(text);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined || !/^E[A-Z]+$/.test(errno)) throw error;
    notRead(quote(path), errno, remedy);
  }
  return reader.end();
}
