import { Option, type Command } from 'commander';
import type { Observable } from 'rxjs/internal/Observable';
import { Subject } from 'rxjs/internal/Subject';
import type { Channel } from '../transport/channels/channel.ts';
import { channelNames, openChannel, type ChannelName } from '../transport/channels/open.ts';
import { invalidOption, VirtagentError } from '../transport/errors.ts';
import { protocolByName, protocolNames, type ProtocolName } from '../transport/protocols.ts';
import { addInspectOptions, type RawInspectOptions } from './inspect-options.ts';
import type { LogOptions } from './log.ts';
import type { TraceMode } from './trace.ts';

/** What every command with a line is given, as commander has it. */
export interface RawLineOptions extends RawInspectOptions {
  readonly channel?: string;
  readonly path?: string;
  readonly baud?: string;
  readonly qmp?: string;
  readonly wait?: string;
  readonly protocol?: string;
  readonly reliable?: true;
  readonly trace?: true;
  readonly tracePayloads?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** The same, checked. */
export interface LineOptions {
  readonly channelName: ChannelName;
  readonly channel: Channel;
  /** What the channel has to say besides its errors. */
  readonly warnings$?: Observable<VirtagentError>;
  /** `auto`: the host finds out. */
  readonly protocol: SpokenName;
  /** Undefined: as the channel asks for. */
  readonly reliable?: true | undefined;
  readonly trace: TraceMode;
  readonly log: LogOptions;
  /** Checked by who inspects. */
  readonly inspect?: RawInspectOptions;
}

/** What can be asked for: a protocol, or to find out which it is. */
export type SpokenName = ProtocolName | 'auto';

const placeholders =
  'unix-*, qemu-chardev: the socket; tcp-*, qemu-chardev: HOST:PORT; virtio-serial: NAME or path; isa-serial: the device; stdio: none';

/**
 * Adds the options of a line. Their values are checked by {@link lineOptions}, so that one place says what is allowed.
 *
 * @param protocols - those that the command takes, the default first.
 */
export function addLineOptions(command: Command, protocols: readonly SpokenName[]): Command {
  const [first, ...rest] = protocols;
  command
    .addOption(new Option('-c, --channel <name>', `what the line is: ${channelNames.join(', ')}`))
    .addOption(new Option('-p, --path <address>', `where it is (${placeholders})`))
    .option('--baud <rate>', 'isa-serial: bits in a second (default: 115200)')
    .option('--qmp <address>', "qemu-chardev: QEMU's monitor, SOCKET or HOST:PORT, which tells when the guest opens and closes its port")
    .option('--wait <seconds>', 'how long to wait for a line where one connects (default: qemu-chardev 30, others none)')
    .addOption(new Option('--protocol <name>', `${first} (default), ${rest.join(', ')}`))
    .option('--reliable', 'virtagent-2: what the line loses or damages is sent again (isa-serial asks for it by itself)')
    .option('--trace', 'print each message both ways on stderr, its values masked by type and size')
    .option('--trace-payloads', 'the same with the values in clear, secrets included')
    .option('--json', 'logs and errors on stderr as JSON, a line each')
    .option('-q, --quiet', 'no logs, only errors');
  return addInspectOptions(command);
}

/** Of a guest, which does not find out: it is asked. */
export const guestProtocols: readonly SpokenName[] = protocolNames.filter((name) => protocolByName(name).serves);
/** Of a host. */
export const hostProtocols: readonly SpokenName[] = ['auto', ...protocolNames];

const ofSessions = ['--reliable', '--inspect-share', '--inspect-over-line'] as const;

/** Whether an option is of virtagent-2 alone. */
export function isOfSessions(option: string | undefined): boolean {
  return ofSessions.some((one) => one === option);
}

/** Those that were given. */
export function sessionOptions({ reliable, inspectShare, inspectOverLine }: RawLineOptions): readonly string[] {
  const given = [reliable, inspectShare, inspectOverLine];
  return ofSessions.filter((_, at) => given[at] === true);
}

/** Throws INVALID_OPTION, naming the option, its value and what is allowed. The first of `protocols` is the default. */
export function lineOptions(raw: RawLineOptions, protocols: readonly SpokenName[]): LineOptions {
  const { channel, path, qmp, trace, tracePayloads, json, quiet, reliable } = raw;
  const channelName = oneOf('--channel', channel, channelNames);
  if (path === undefined && channelName !== 'stdio') missing('--path', paths[channelName]);
  const waitMs = secondsOption('--wait', raw.wait);
  const protocol = oneOf('--protocol', raw.protocol ?? protocols[0], protocols);
  if (protocol !== 'virtagent-2' && protocol !== 'auto')
    for (const option of sessionOptions(raw)) invalidOption('--protocol', protocol, `virtagent-2 or auto with ${option}`);
  const warnings = new Subject<VirtagentError>();
  const onWarning = (error: VirtagentError): void => warnings.next(error);
  return {
    channelName,
    channel: openChannel({ channel: channelName, path, qmp, baudRate: baudRate(raw.baud), waitMs, onWarning }),
    warnings$: warnings,
    protocol,
    reliable,
    trace: tracePayloads === true ? 'payloads' : trace === true ? 'shapes' : 'none',
    log: { json: json === true, quiet: quiet === true },
    inspect: raw,
  };
}

const paths: Readonly<Record<ChannelName, string>> = {
  'unix-connect': 'the path of a socket file',
  'unix-listen': 'the path of a socket file',
  'tcp-connect': 'HOST:PORT, [IPV6]:PORT or PORT',
  'tcp-listen': 'HOST:PORT, [IPV6]:PORT or PORT',
  'virtio-serial': 'the name or the path of a port, such as org.virtagent.0',
  'isa-serial': 'the path of a serial port, such as /dev/ttyS1',
  'qemu-chardev': 'the path of a socket file, or HOST:PORT',
  stdio: 'nothing',
};

function baudRate(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const rate = /^\d{1,7}$/.test(value) ? Number(value) : Number.NaN;
  if (!(rate >= 50 && rate <= 4_000_000)) invalidOption('--baud', value, 'a whole number from 50 to 4000000, such as 115200');
  return rate;
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
