import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { atRest } from './at-rest.ts';
import type { Channel } from './channel.ts';
import { unusable } from './explain.ts';
import { joinStreams } from './join.ts';
import { makeChannel } from './make-channel.ts';

// A process has one stdin and one stdout, however many channels are made of them.
let taken = false;

/**
 * This process's stdin and stdout as one line. Neither is touched before open().
 *
 * Nothing else may write to stdout while the line is in use. A peer that reads it from a pipe sees its end only
 * when this process exits (Node never closes descriptor 1); one that gave a socket sees it on end().
 */
export function stdioChannel(): Channel {
  return makeChannel({
    name: 'stdio',
    reopens: false,
    // `printf REQUESTS | virtagent …` has said all that it will when its answers are due.
    halfOpen: true,
    async open() {
      if (taken) throw unusable('stdio', 'this process has given its stdin and stdout to another line');
      taken = true;
      return openStdio();
    },
  });
}

function openStdio(): Duplex {
  const { stdin, stdout } = process;
  const line = joinStreams(stdin, stdout, {
    letGo() {
      stdin.destroy();
      abandon(stdout);
    },
  });
  const fail = (error: Error): void => void line.destroy(error);
  // These stay for good: a stray print after the reader of stdout has gone must not end the process either.
  stdin.on('error', fail);
  stdout.on('error', fail);
  return atRest(line);
}

/**
 * A write that the peer does not read would keep the process alive for ever, and Node's stdout ignores
 * destroy(). A socket's own way of being destroyed cancels the write; libuv leaves the descriptor open.
 */
function abandon(stdout: NodeJS.WriteStream): void {
  if (stdout instanceof Socket && !stdout.isTTY) Socket.prototype._destroy.call(stdout, null, () => {});
}
