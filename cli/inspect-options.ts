import { Option, type Command } from 'commander';
import { invalidOption } from '../transport/errors.ts';

/** What commands with a line are given about inspecting, as commander has it. Checked where it is used: loading that takes time. */
export interface RawInspectOptions {
  /** True: without an address. False: `--no-inspect`. */
  readonly inspect?: string | boolean;
  readonly inspectPayloads?: true;
  readonly inspectControl?: true;
  readonly inspectPeer?: string;
  readonly inspectShare?: true;
  readonly inspectOverLine?: true;
  readonly inspectBridge?: string;
  readonly record?: string;
}

/** Adds the options of the inspector to a command with a line. */
export function addInspectOptions(command: Command): Command {
  return addViewOptions(command)
    .addOption(new Option('--inspect-peer <address>', "show the other agent's jobs too: what its own --inspect printed"))
    .addOption(new Option('--inspect-over-line', 'the same over the line itself, if the other side has --inspect-share (virtagent-2)'))
    .addOption(new Option('--inspect-share', 'let the other side see the jobs of this one over the line, without payloads (virtagent-2)'))
    .addOption(
      new Option('--inspect-bridge <viewer>', 'show actors to viewers that others made: xstate, stately or stately=ws://HOST:PORT'),
    );
}

/** Adds those that make sense without the other end's agent. */
export function addViewOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--inspect [address]',
        'serve the inspector at HOST:PORT; its address is printed (default: any free port of 127.0.0.1)',
      ).argParser(addressAlone),
    )
    .option('--inspect-payloads', 'with --inspect or --record: messages with their values, those of secret names hidden')
    .option('--inspect-control', 'with --inspect: let who has the address cancel jobs, call methods and pause sending')
    .option('--record <file>', 'write all that the inspector shows to a new file, for virtagent replay');
}

/** Whether anything is to be inspected at all. */
export function inspects({ inspect = false, record, inspectShare, inspectBridge, ...others }: RawInspectOptions): boolean {
  const rest = [others.inspectPayloads, others.inspectControl, others.inspectPeer, others.inspectOverLine];
  return inspect !== false || [record, inspectShare, inspectBridge, ...rest].some((one) => one !== undefined);
}

/** Commander takes the word after `--inspect` for its address: a METHOD that comes there would be said to be missing. */
function addressAlone(text: string): string {
  if (/^[A-Za-z][\w.-]*$|^\.{0,2}\/|^\{/.test(text))
    invalidOption('--inspect', text, 'HOST:PORT, or nothing; without an address it comes after the arguments of the command');
  return text;
}
