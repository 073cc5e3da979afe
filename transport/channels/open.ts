import { isIPv6 } from 'node:net';
import { invalidOption, type VirtagentError } from '../errors.ts';
import type { Channel } from './channel.ts';
import { isaSerial } from './isa-serial.ts';
import { qemuChardev } from './qemu-chardev.ts';
import { stdioChannel } from './stdio.ts';
import { tcpConnect, tcpListen, type TcpAddress } from './tcp.ts';
import { unixConnect, unixListen } from './unix.ts';
import { virtioSerial } from './virtio-serial.ts';
import { waitingChannel } from './waiting.ts';

/** The channels that a command line can name. */
export const channelNames = Object.freeze([
  'unix-connect',
  'unix-listen',
  'tcp-connect',
  'tcp-listen',
  'virtio-serial',
  'isa-serial',
  'qemu-chardev',
  'stdio',
] as const);

/** One of {@link channelNames}. */
export type ChannelName = (typeof channelNames)[number];

/** A channel by name, its address where it has one, and what some of them take besides. */
export interface ChannelSpec {
  readonly channel: ChannelName;
  /**
   * unix: the socket's path. tcp: HOST:PORT, [IPV6]:PORT or PORT (of 127.0.0.1). virtio-serial: the port's name or path.
   * isa-serial: the device. qemu-chardev: a socket's path or HOST:PORT. stdio: none.
   */
  readonly path?: string | undefined;
  /** isa-serial: bits in a second; 115,200 unless told. */
  readonly baudRate?: number | undefined;
  /** qemu-chardev: the socket of QEMU's monitor, or its HOST:PORT. */
  readonly qmp?: string | undefined;
  /** Milliseconds for which open() waits for a line; not with stdio or a listening channel. */
  readonly waitMs?: number | undefined;
  /** qemu-chardev: hears that the monitor was lost while a line is up. */
  readonly onWarning?: ((error: VirtagentError) => void) | undefined;
}

/** Whether a line of that channel can be missing for now: it is waited for and tried again by this side. */
export function isConnecting(channel: ChannelName): boolean {
  return channel !== 'stdio' && !channel.endsWith('-listen');
}

/** Whether one peer after another comes to that channel: it is there without them, and waits for the next when one has left. */
export function outlivesPeers(channel: ChannelName): boolean {
  return channel.endsWith('-listen') || channel === 'virtio-serial' || channel === 'isa-serial';
}

/** The channel that a command line asks for. Throws INVALID_OPTION, naming `--channel`, `--path`, `--baud`, `--qmp` or `--wait`. */
export function openChannel(spec: ChannelSpec): Channel {
  const { channel, path, baudRate, qmp, waitMs, onWarning } = spec;
  if (!channelNames.includes(channel)) invalidOption('--channel', channel, `one of ${channelNames.join(', ')}`);
  if (baudRate !== undefined && channel !== 'isa-serial') invalidOption('--baud', baudRate, '--channel isa-serial');
  if (qmp !== undefined && channel !== 'qemu-chardev') invalidOption('--qmp', qmp, '--channel qemu-chardev');
  if (waitMs !== undefined && !isConnecting(channel)) {
    invalidOption('--wait', waitMs / 1000, `a channel that connects, not ${channel}: that waits for its peer as long as it takes`);
  }
  const waiting = (made: Channel): Channel => (waitMs === undefined ? made : waitingChannel(made, { waitMs }));
  switch (channel) {
    case 'unix-connect':
      return waiting(unixConnect(unixPath(path)));
    case 'unix-listen':
      return unixListen(unixPath(path));
    case 'tcp-connect':
      return waiting(tcpConnect(tcpAddress(path, 1)));
    case 'tcp-listen':
      return tcpListen(tcpAddress(path, 0));
    case 'virtio-serial':
      return waiting(virtioSerial(plainPath(path, 'the name or the path of a port, such as org.virtagent.0')));
    case 'isa-serial':
      return waiting(isaSerial(plainPath(path, 'the path of a serial port, such as /dev/ttyS1'), { baudRate }));
    case 'qemu-chardev': {
      const monitor = qmp === undefined ? undefined : socketOrPort('--qmp', qmp);
      return qemuChardev({ ...socketOrPort('--path', path), qmp: monitor, waitMs, onWarning });
    }
    case 'stdio':
      if (path !== undefined) invalidOption('--path', path, 'nothing with --channel stdio');
      return stdioChannel();
  }
}

function unixPath(path: string | undefined): string {
  return plainPath(path, 'the path of a socket file');
}

function plainPath(path: string | undefined, what: string, option = '--path'): string {
  if (path === undefined || path === '' || path.includes('\0')) invalidOption(option, path, what);
  return path;
}

/** HOST:PORT where it reads as one; whoever has a socket file of such a name writes ./NAME. */
function socketOrPort(option: string, text: string | undefined): { readonly path: string } | TcpAddress {
  const known = plainPath(text, 'the path of a socket file, or HOST:PORT', option);
  return !known.includes('/') && tcpPattern.test(known) ? tcpAddress(known, 1, option) : { path: known };
}

const tcpPattern = /^(?:(?:\[([^\]]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/;

/** HOST:PORT, [IPV6]:PORT or PORT, with a port from `lowest` on. Throws INVALID_OPTION naming the option. */
export function tcpAddress(path: string | undefined, lowest: number, option = '--path'): TcpAddress {
  const match = tcpPattern.exec(path ?? '');
  const [, bracketed, plainHost, digits] = match ?? [];
  const port = Number(digits);
  if (match === null || port < lowest || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    invalidOption(option, path, `HOST:PORT, [IPV6]:PORT or PORT, with a port from ${lowest} to 65535`);
  }
  const host = bracketed ?? plainHost;
  return host === undefined ? { port } : { host, port };
}
