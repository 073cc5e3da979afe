import { isIPv6 } from 'node:net';
import { invalidOption } from '../errors.ts';
import type { Channel } from './channel.ts';
import { stdioChannel } from './stdio.ts';
import { tcpConnect, tcpListen, type TcpAddress } from './tcp.ts';
import { unixConnect, unixListen } from './unix.ts';

/** The channels that a command line can name. */
export const channelNames = Object.freeze(['unix-connect', 'unix-listen', 'tcp-connect', 'tcp-listen', 'stdio'] as const);

/** One of {@link channelNames}. */
export type ChannelName = (typeof channelNames)[number];

/** A channel by name, and its address where it has one. */
export interface ChannelSpec {
  readonly channel: ChannelName;
  /** unix: the socket's path. tcp: HOST:PORT, [IPV6]:PORT or PORT (of 127.0.0.1). stdio: none. */
  readonly path?: string | undefined;
}

/** The channel that a command line asks for. Throws INVALID_OPTION, naming `--channel` or `--path`. */
export function openChannel({ channel, path }: ChannelSpec): Channel {
  switch (channel) {
    case 'unix-connect':
      return unixConnect(unixPath(path));
    case 'unix-listen':
      return unixListen(unixPath(path));
    case 'tcp-connect':
      return tcpConnect(tcpAddress(path, 1));
    case 'tcp-listen':
      return tcpListen(tcpAddress(path, 0));
    case 'stdio':
      if (path !== undefined) invalidOption('--path', path, 'nothing with --channel stdio');
      return stdioChannel();
    default:
      return invalidOption('--channel', channel, `one of ${channelNames.join(', ')}`);
  }
}

function unixPath(path: string | undefined): string {
  if (path === undefined || path === '' || path.includes('\0')) invalidOption('--path', path, 'the path of a socket file');
  return path;
}

function tcpAddress(path: string | undefined, lowest: number): TcpAddress {
  const match = /^(?:(?:\[([^\]]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/.exec(path ?? '');
  const [, bracketed, plainHost, digits] = match ?? [];
  const port = Number(digits);
  if (match === null || port < lowest || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    invalidOption('--path', path, `HOST:PORT, [IPV6]:PORT or PORT, with a port from ${lowest} to 65535`);
  }
  const host = bracketed ?? plainHost;
  return host === undefined ? { port } : { host, port };
}
