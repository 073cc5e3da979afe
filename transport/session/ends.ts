import { quote, VirtagentError } from '../errors.ts';
import type { Excess } from './pieces.ts';

/** Why a side ends a session, as BYE says it. */
export const byeCodes = Object.freeze({ stopping: 1, limit: 2, broken: 3, version: 4 });

/** What a line ends with whose other side has said, in order, that it is done. */
export const hasStopped = 'the other side has stopped';

/** How that of another begins that has a reason. */
export const hasEndedIt = 'the other side ended the session';

/** An end that this side decides on: what BYE says of it, and what its own user is told. */
export interface End {
  readonly code: number;
  readonly text: string;
  readonly reason: VirtagentError;
}

/** The other side went beyond a limit. */
export function limitExceeded({ limit, most, value }: Excess): End {
  const text = `${limit}: ${value}, and the limit is ${most}`;
  const reason = new VirtagentError('LIMIT_EXCEEDED', `the other side went beyond the limit of this one for ${text}`);
  return { code: byeCodes.limit, text, reason };
}

/** The other side speaks another version than `own`. */
export function otherVersion(version: number, own: number): End {
  const message = `the other side speaks virtagent-${version}, this one virtagent-${own}`;
  return { code: byeCodes.version, text: `virtagent-${own} is spoken here`, reason: new VirtagentError('PROTOCOL_MISMATCH', message) };
}

/** What a BYE of the other side comes to. */
export function endedByOther(code: number, text: string): VirtagentError {
  const said = text === '' ? '' : `: ${quote(text, 256)}`;
  if (code === byeCodes.stopping) return new VirtagentError('LINE_LOST', hasStopped);
  if (code === byeCodes.version) return new VirtagentError('PROTOCOL_MISMATCH', `the other side does not speak this version${said}`);
  if (code === byeCodes.limit) return new VirtagentError('LIMIT_EXCEEDED', `${hasEndedIt}, a limit of its own exceeded${said}`);
  return new VirtagentError('LINE_LOST', `${hasEndedIt}${said}`);
}
