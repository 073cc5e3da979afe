import { quote, VirtagentError, type ErrorCode } from '../errors.ts';

/** What the operating system's (and the resolver's) answers mean for a line. All others: CHANNEL_FAILED. */
const meanings: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['CHANNEL_NOT_FOUND', 'there is nothing at that address'],
  ENOTDIR: ['CHANNEL_NOT_FOUND', 'a part of the path is no directory'],
  ENOTFOUND: ['CHANNEL_NOT_FOUND', 'no host has that name'],
  ECONNREFUSED: ['CHANNEL_REFUSED', 'nobody listens there'],
  ENOTSOCK: ['CHANNEL_UNUSABLE', 'that is no socket'],
  EPROTOTYPE: ['CHANNEL_UNUSABLE', 'that socket is not one of streams'],
  ENAMETOOLONG: ['CHANNEL_UNUSABLE', 'the path is too long'],
  ELOOP: ['CHANNEL_UNUSABLE', 'the path has too many symbolic links'],
  ENOEXEC: ['CHANNEL_UNUSABLE', 'the file is no program'],
  EADDRINUSE: ['CHANNEL_IN_USE', 'another process listens there'],
  EEXIST: ['CHANNEL_IN_USE', 'another process has just taken it'],
  EACCES: ['CHANNEL_DENIED', 'this user may not open it'],
  EPERM: ['CHANNEL_DENIED', 'this user may not open it'],
  EROFS: ['CHANNEL_DENIED', 'the file system is read-only'],
  EAGAIN: ['CHANNEL_FAILED', 'the listener takes no more connections at the moment'],
};

/** The error for `cause`, in one line that opens with the channel's name. */
export function channelError(name: string, cause: unknown): VirtagentError {
  if (cause instanceof VirtagentError) return cause;
  const number = errnoOf(cause);
  const [code, text] = meanings[number ?? ''] ?? ['CHANNEL_FAILED', failure(cause)];
  return new VirtagentError(code, `${name}: ${text}${number === undefined ? '' : ` (${number})`}`, { cause });
}

export function unusable(name: string, text: string): VirtagentError {
  return new VirtagentError('CHANNEL_UNUSABLE', `${name}: ${text}`);
}

export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A path or program for one line of text: as it is where it is plain, else quoted. */
export function plain(text: string): string {
  return /^[\x21-\x7e]{1,300}$/.test(text) ? text : quote(text, 300);
}

function failure(cause: unknown): string {
  return `opening it failed: ${quote(cause instanceof Error ? cause.message : cause, 200)}`;
}
