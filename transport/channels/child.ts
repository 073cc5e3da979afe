import { spawn, type ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { VirtagentError } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import { bounds } from './bounds.ts';
import type { Channel } from './channel.ts';
import { channelError, errnoOf, plain } from './explain.ts';
import { joinStreams } from './join.ts';
import { makeChannel } from './make-channel.ts';

/** How the program is started. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Its whole environment; this process's own unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets what the program writes to stderr, which otherwise goes where this process's does. */
  readonly onStderr?: (chunk: Buffer) => void;
}

const names = optionNames<ChildOptions>({ cwd: true, env: true, onStderr: true });

type Child = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };

/**
 * The stdin and stdout of a program, which each open() starts anew, without a shell. The line ends when the
 * program does; destroying the line ends the program (its stdin, SIGTERM, and after 2 s SIGKILL).
 */
export function childChannel(command: string, args: readonly string[] = [], options: ChildOptions = {}): Channel {
  checkNames('options', options, names);
  const name = `child ${plain(command)}`;
  return makeChannel({
    name,
    reopens: true,
    async open(signal) {
      try {
        return await start(command, args, options, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw explain(name, options.cwd, error);
      }
    },
  });
}

function start(command: string, args: readonly string[], options: ChildOptions, signal: AbortSignal): Promise<Duplex> {
  return abortable<Duplex>(signal, (resolve, reject) => {
    const { cwd, env, onStderr } = options;
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', onStderr === undefined ? 'inherit' : 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    }) as Child;
    // Killing can fail too; and what can't be written is told to the writer by its callback.
    for (const part of [child, child.stdin, child.stdout, child.stderr]) part?.on('error', () => {});
    if (onStderr !== undefined) child.stderr?.on('data', onStderr);
    child.once('exit', () => {
      if (child.stderr) destroyWhenDrained(child.stderr as Socket);
    });
    child.once('error', reject);
    child.once('spawn', () => resolve(lineOf(child)));
    return () => endChild(child);
  });
}

function lineOf(child: Child): Duplex {
  const line: Duplex = joinStreams(child.stdout, child.stdin, {
    letGo() {
      // What it still says has no reader, but must not block it on its way out.
      child.stdout.resume();
      endChild(child);
    },
    // A program that takes no more normally is about to exit: its last words, such as why, come before that news.
    writeFailed(fail) {
      const late = setTimeout(() => endChild(child), bounds.childGraceMs).unref();
      child.once('exit', () => clearTimeout(late));
      if (line.readableEnded) fail();
      else line.once('end', fail);
    },
  });
  child.once('exit', () => {
    destroyWhenDrained(child.stdout as Socket);
    if (line.readableEnded) line.destroy();
    else line.once('end', () => line.destroy());
  });
  return atRest(line);
}

function endChild(child: Child): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.stdin.end();
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), bounds.childGraceMs).unref();
  child.once('exit', () => clearTimeout(kill));
}

/**
 * Whoever inherited the program's output can hold it open for ever. What the program itself wrote is there when
 * it exits, so the output is done when it is being read and two turns of the event loop bring no more.
 */
function destroyWhenDrained(output: Socket): void {
  let seen = -1;
  let idle = 0;
  const look = (): void => {
    if (output.destroyed) return;
    if (output.isPaused()) {
      output.once('resume', () => setImmediate(look));
      return;
    }
    idle = output.bytesRead === seen ? idle + 1 : 0;
    seen = output.bytesRead;
    if (idle < 2) setImmediate(look);
    else output.destroy();
  };
  look();
}

function explain(name: string, cwd: string | undefined, error: unknown): VirtagentError {
  // The system reports a missing working directory as if the program were missing.
  if (errnoOf(error) === 'ENOENT' && cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return new VirtagentError('CHANNEL_NOT_FOUND', `${name}: there is no folder ${plain(cwd)} to start it in`, { cause: error });
  }
  return channelError(name, error);
}
