import { VirtagentError, type ErrorCode } from '../actors/index.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import type { Context } from './context.ts';
import { inputName, parseParams, readInput } from './json-params.ts';
import { guestProtocols, hostProtocols, lineOptions, oneOf, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import { lineError, Session } from './session.ts';
import { jsonLine } from './text.ts';

/** The options of `virtagent call`, as commander has them. */
export interface RawCallOptions extends RawLineOptions {
  readonly timeout?: string;
  readonly role: string;
}

/** The result is here: the line's proper end may take this long. */
const END_MS = 1000;

/** Makes one call and prints its result. Throws what went wrong. */
export async function runCall(method: string, text: string | undefined, raw: RawCallOptions, context: Context): Promise<void> {
  const timeoutMs = secondsOption('--timeout', raw.timeout) ?? durations.callTimeout;
  const role = oneOf('--role', raw.role, ['host', 'guest']);
  const line = lineOptions({ ...raw, quiet: true }, role === 'host' ? hostProtocols : guestProtocols);
  if (method === '') invalidOption('METHOD', method, 'the name of a method');
  const params = await paramsOf(text, line, context.stopping.signal);
  const log = new Log(context.err, line.log);
  const methods = commonMethods(role, line.protocol);
  const session = await Session.open({ line, role, methods, reopens: false, retries: false, log, err: context.err });
  try {
    const result = await session.peer.call(method, params, { timeoutMs, signal: context.stopping.signal });
    // On stdio, stdout is the line.
    (line.channelName === 'stdio' ? context.err : context.out).line(jsonLine(result));
  } catch (error) {
    throw explain(error, session);
  } finally {
    await session.end(END_MS);
  }
}

async function paramsOf(text: string | undefined, { channelName }: LineOptions, signal: AbortSignal): Promise<unknown> {
  if (text !== '-') return parseParams(text);
  if (channelName === 'stdio') invalidOption('JSON', '-', 'the parameters themselves with --channel stdio: standard input is the line');
  return parseParams(await readInput(signal), inputName);
}

/** An answer that breaks our protocol may keep another: a guest agent gives back the id of a command that it does not know. */
const lineMayBeWhy: ReadonlySet<ErrorCode> = new Set(['TIMEOUT', 'LINE_LOST', 'INVALID_RESPONSE']);

/** A call's error, with the line's part in it: nobody there, nobody who answers, or one who speaks another protocol. */
export function explain(error: unknown, { wasOpen, channel, hasHeard, silence, isMonitor, verdict }: Session): unknown {
  const known = withVerdict(lineError(error), verdict);
  if (!(known instanceof VirtagentError)) return known;
  const { code, message } = known;
  // More time, or another protocol, would not help.
  const remedy = isMonitor
    ? "Name the guest's own socket in --path: that of QEMU's monitor is no line to it."
    : 'Correct --protocol, --path or the baud rate, as the message says, and repeat it.';
  if (code === 'PROTOCOL_MISMATCH' && isMonitor) return advised(known, message, { remedy });
  if (!lineMayBeWhy.has(code)) return known;
  if (!wasOpen) {
    if (code === 'LINE_LOST') return known;
    const nobody = `${message}: nobody was at the other end of ${channel.name}`;
    return advised(known, nobody, { remedy: 'Start the other side, or correct --path.' });
  }
  if (silence === undefined) return known;
  if (hasHeard) return advised(known, `${message}: ${silence}`, { remedy });
  return code === 'TIMEOUT' ? advised(known, message, { hint: silence }) : known;
}

/** A call that its line ended knows only that: why it was ended, the session knows. */
function withVerdict(error: unknown, verdict: VirtagentError | undefined): unknown {
  if (verdict === undefined || !(error instanceof VirtagentError) || error.code !== 'LINE_LOST' || error.message.includes(verdict.message))
    return error;
  return advised(error, `${error.message}: ${verdict.message}`, error.data);
}

/** The same error with what the command has to say about it. */
function advised(error: VirtagentError, message: string, data: unknown): VirtagentError {
  const { code, known, method } = error;
  return new VirtagentError(code, message, { known, method, data, cause: error });
}
