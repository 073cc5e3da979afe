import { CommanderError } from 'commander';
import pc from 'picocolors';
import { VirtagentError, type ErrorCode } from '../actors/index.ts';
import { CommandFailure } from './command-failure.ts';
import { commandErrors, LocalFailure } from './local-failure.ts';
import type { Output } from './output.ts';
import { jsonLine, oneLine, unescaped } from './text.ts';

/** An error as `--json` shows it. */
interface Shown {
  readonly code: string;
  readonly message: string;
  readonly known?: string | undefined;
  readonly remote?: object | undefined;
  /** Of a command that runs on in the guest. */
  readonly pid?: number | undefined;
  readonly remedy: string;
  /** What else may be the reason. */
  readonly hint?: string | undefined;
}

const optionRemedy = 'virtagent COMMAND --help says what there is.';

/** What to do about it, where the library's own remedy speaks of a program that uses it. */
const remedies: Partial<Record<ErrorCode, string>> = {
  TIMEOUT: 'Raise --timeout, or find out why the other side is slow; see `known` before you repeat the call.',
  CANCELLED: 'Repeat it if it is still wanted; unless `known` is not-sent it may have been executed.',
  PROTOCOL_MISMATCH: 'Give both sides the same --protocol, and versions of virtagent that have it.',
  INVALID_OPTION: optionRemedy,
  INVALID_PARAMS: 'Correct the parameters.',
  METHOD_NOT_FOUND: "Check the name against the other side's list: `capabilities`, or `guest-info` with --protocol qemu-ga.",
  REMOTE_ERROR: "Correct what the message names: it is the method's own, and so is its number.",
};

/** Of a line that no call was on. */
const lostRemedy = 'Start it again when the other side is there; --retry, where the channel takes it, does that by itself.';

/** Writes an error to standard error: what happened in one line, what to do in another. Only our own bugs show a stack. */
export function reportError(error: unknown, err: Output, json: boolean): void {
  const shown = describe(error);
  if (json) return err.line(jsonLine({ ...shown, message: unescaped(shown.message) }));
  const { red, dim } = pc.createColors(err.hasColours);
  const detail = [shown.known && `known: ${shown.known}`, remoteCode(error)].filter((one) => one !== undefined).join(', ');
  err.line(`${dim('virtagent:')} ${red(shown.code)}: ${oneLine(shown.message, 2000)}${detail === '' ? '' : ` (${detail})`}`);
  for (const advice of [shown.remedy, shown.hint]) if (advice !== undefined) err.line(dim(`  → ${oneLine(advice)}`));
  if (shown.code === 'INTERNAL') for (const line of stackOf(error)) err.line(line);
}

function describe(error: unknown): Shown {
  if (error instanceof VirtagentError) {
    const { code, message, known, remedy } = error;
    const isBareLoss = code === 'LINE_LOST' && known === undefined;
    return {
      code,
      message,
      known,
      remote: remoteOf(error),
      pid: error instanceof CommandFailure ? error.pid : undefined,
      remedy: saidBy(error, 'remedy') ?? (isBareLoss ? lostRemedy : (remedies[code] ?? remedy)),
      hint: saidBy(error, 'hint'),
    };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return { code: 'INVALID_OPTION', message, remedy: optionRemedy };
  }
  if (error instanceof LocalFailure) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'INTERNAL', message, remedy: commandErrors.INTERNAL.remedy };
}

/** The error object that came over the line. QEMU's agent has no numbers: `data` has all that it said. */
function remoteOf({ remote, data }: VirtagentError): object | undefined {
  if (remote !== undefined) return remote;
  return typeof data === 'object' && data !== null && 'class' in data ? data : undefined;
}

/** Put there by a command that knows more of the line than the call did. */
function saidBy({ data, remote }: VirtagentError, name: 'hint' | 'remedy'): string | undefined {
  const text = remote === undefined && typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;
  return typeof text === 'string' ? text : undefined;
}

function remoteCode(error: unknown): string | undefined {
  const remote = error instanceof VirtagentError ? error.remote : undefined;
  return remote === undefined ? undefined : `its number: ${remote.code}`;
}

function stackOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => oneLine(line));
}
