import { Option, type Command } from 'commander';
import type { Channel } from '../transport/channels/channel.ts';
import { channelNames, openChannel, type ChannelName } from '../transport/channels/open.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { protocolNames, type ProtocolName } from '../transport/protocols.ts';
import type { LogOptions } from './log.ts';
import type { TraceMode } from './trace.ts';

/** What every command with a line is given, as commander has it. */
export interface RawLineOptions {
  readonly channel?: string;
  readonly path?: string;
  readonly protocol: string;
  readonly trace?: true;
  readonly tracePayloads?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** The same, checked. */
export interface LineOptions {
  readonly channelName: ChannelName;
  readonly channel: Channel;
  readonly protocol: ProtocolName;
  readonly trace: TraceMode;
  readonly log: LogOptions;
}

const placeholders = 'unix-*: the socket; tcp-*: HOST:PORT, [IPV6]:PORT or PORT; stdio: none';

/** Adds the options of a line. Their values are checked by {@link lineOptions}, so that one place says what is allowed. */
export function addLineOptions(command: Command): Command {
  return command
    .addOption(new Option('-c, --channel <name>', `what the line is: ${channelNames.join(', ')}`))
    .addOption(new Option('-p, --path <address>', `where it is (${placeholders})`))
    .addOption(new Option('--protocol <name>', protocolNames.join(', ')).default('virtagent-v7'))
    .option('--trace', 'print each message both ways on stderr, its values masked by type and size')
    .option('--trace-payloads', 'the same with the values in clear, secrets included')
    .option('--json', 'logs and errors on stderr as JSON, a line each')
    .option('-q, --quiet', 'no logs, only errors');
}

/** Throws INVALID_OPTION, naming the option, its value and what is allowed. */
export function lineOptions(raw: RawLineOptions): LineOptions {
  const { channel, path, trace, tracePayloads, json, quiet } = raw;
  const channelName = oneOf('--channel', channel, channelNames);
  if (path === undefined && channelName !== 'stdio') missing('--path', pathOf(channelName));
  return {
    channelName,
    channel: openChannel({ channel: channelName, path }),
    protocol: oneOf('--protocol', raw.protocol, protocolNames),
    trace: tracePayloads === true ? 'payloads' : trace === true ? 'shapes' : 'none',
    log: { json: json === true, quiet: quiet === true },
  };
}

function pathOf(channel: ChannelName): string {
  return channel.startsWith('unix') ? 'the path of a socket file' : 'HOST:PORT, [IPV6]:PORT or PORT';
}

export function oneOf<const Name extends string>(option: string, value: string | undefined, names: readonly Name[]): Name {
  const allowed = `one of ${names.join(', ')}`;
  if (value === undefined) return missing(option, allowed);
  return names.includes(value as Name) ? (value as Name) : invalidOption(option, value, allowed);
}

function missing(option: string, allowed: string): never {
  throw new VirtagentError('INVALID_OPTION', `${option} is missing; it takes ${allowed}`);
}

/** Seconds as an option gives them, in milliseconds. A host timer takes 2³¹−1 ms. */
export function secondsOption(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$|^\.\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds > 0 && seconds <= 2_147_483)) invalidOption(option, value, 'seconds, more than 0 and at most 2147483, such as 5 or 0.5');
  return seconds * 1000;
}
