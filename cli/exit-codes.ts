import { CommanderError } from 'commander';
import { VirtagentError, type ErrorCode } from '../actors/index.ts';

/** What the command ends with, in one table: the help texts and docs/cli.md show the same. */
export const exitCodes = Object.freeze({
  ok: { code: 0, meaning: 'all went well; also a guest, host, demo, top or replay that a signal ended' },
  remote: { code: 1, meaning: 'the other side answered with an error, refused, or lacks the method' },
  usage: { code: 2, meaning: 'an option, an argument or the parameters are not allowed; nothing was sent' },
  timeout: { code: 3, meaning: 'the deadline passed before an answer came' },
  noLine: { code: 4, meaning: "the line, or an inspector's address, could not be opened, or the other side speaks another protocol" },
  lineLost: { code: 5, meaning: 'the line was lost' },
  internal: { code: 70, meaning: 'an error in virtagent itself, or its output, or a file here, could not be written or read' },
  execTimeout: { code: 124, meaning: 'exec: the command did not end, or the guest did not answer, in time' },
  execFailed: { code: 125, meaning: 'exec: any other failure of virtagent, the line or the guest agent; what would be 1 to 70 elsewhere' },
  execDenied: { code: 126, meaning: 'exec: the guest has the program and does not run it' },
  execMissing: { code: 127, meaning: 'exec: the guest has no such program' },
  hungUp: { code: 129, meaning: 'a call, copy or exec was cancelled by SIGHUP, as its terminal was closed' },
  interrupted: { code: 130, meaning: 'the same by SIGINT; anything was ended at once by a second one' },
  terminated: { code: 143, meaning: 'the same by SIGTERM' },
} as const);

/** A row of {@link exitCodes}. */
export type ExitName = keyof typeof exitCodes;

/** Every error of the library has its exit code. Those of a call's answer are known before this is asked. */
const exits: Readonly<Record<ErrorCode, ExitName>> = {
  TIMEOUT: 'timeout',
  CANCELLED: 'interrupted',
  LINE_LOST: 'lineLost',
  ITEMS_LOST: 'lineLost',
  SEND_FAILED: 'lineLost',
  STALLED: 'lineLost',
  LINE_SILENT: 'lineLost',
  LIMIT_EXCEEDED: 'lineLost',
  PROTOCOL_MISMATCH: 'noLine',
  REMOTE_ERROR: 'remote',
  HANDLER_FAILED: 'remote',
  INVALID_RESPONSE: 'remote',
  METHOD_NOT_FOUND: 'remote',
  INVALID_PARAMS: 'usage',
  INVALID_REQUEST: 'usage',
  PARSE_ERROR: 'usage',
  BUSY: 'remote',
  STOPPING: 'remote',
  EXPIRED: 'timeout',
  QUEUE_FULL: 'internal',
  STOPPED: 'lineLost',
  TAG_IN_USE: 'internal',
  NESTING_LIMIT: 'internal',
  MESSAGE_TOO_LARGE: 'usage',
  UNENCODABLE: 'usage',
  UNSUPPORTED: 'usage',
  INVALID_OPTION: 'usage',
  FORBIDDEN: 'usage',
  CHANNEL_NOT_FOUND: 'noLine',
  CHANNEL_REFUSED: 'noLine',
  CHANNEL_UNUSABLE: 'noLine',
  CHANNEL_IN_USE: 'noLine',
  CHANNEL_DENIED: 'noLine',
  CHANNEL_FAILED: 'noLine',
};

/** The exit code that an error leads to. What the other side refused was sent, also by an agent whose errors have no number. */
export function exitNameOf(error: unknown): ExitName {
  if (error instanceof CommanderError) return 'usage';
  if (!(error instanceof VirtagentError)) return 'internal';
  return error.remote === undefined && error.known !== 'refused' ? exits[error.code] : 'remote';
}

/** The code with which a shell knows that a signal ended a process. */
export const signalExits = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'hungUp' } as const satisfies Record<string, ExitName>;

/** The same for `exec`, whose other codes are the command's own: none of ours says what one of those would. */
export function execExitNameOf(error: unknown): ExitName {
  if (!(error instanceof VirtagentError)) return 'execFailed';
  if (error.code === 'TIMEOUT') return 'execTimeout';
  if (error.code === 'CANCELLED' && error.remote === undefined) return 'interrupted';
  // The agent passes on what its system said.
  if (error.method === 'guest-exec' && error.code === 'REMOTE_ERROR') {
    if (error.message.includes('No such file or directory')) return 'execMissing';
    if (error.message.includes('Permission denied')) return 'execDenied';
  }
  return 'execFailed';
}
