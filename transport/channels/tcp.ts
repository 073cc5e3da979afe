import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import { invalidOption } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';
import { untilAborted } from './abortable.ts';
import type { Channel } from './channel.ts';
import { connectSocket } from './connect.ts';
import { channelError, plain } from './explain.ts';
import { listenChannel, startServer, type ListenChannel } from './listen.ts';
import { makeChannel } from './make-channel.ts';

/** Where to connect to or listen at. `host` is 127.0.0.1 unless told. */
export interface TcpAddress {
  readonly host?: string;
  readonly port: number;
}

const names = optionNames<TcpAddress>({ host: true, port: true });

/** Connects to a TCP port, anew on each open(). */
export function tcpConnect(address: TcpAddress): Channel {
  checkNames('address', address, names);
  const { host, port } = checkedTcp(address, 1);
  const name = `tcp-connect ${shownTcp(host, port)}`;
  return makeChannel({
    name,
    reopens: true,
    opensOwnSockets: true,
    async open(signal) {
      try {
        return await connectSocket({ host, port }, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw channelError(name, error);
      }
    },
  });
}

/** Listens at a TCP port; 0 lets the system choose one, which `address()` then tells. */
export function tcpListen(address: TcpAddress): ListenChannel<AddressInfo> {
  checkNames('address', address, names);
  const { host, port } = checkedTcp(address, 0);
  return listenChannel<AddressInfo>({
    name: (actual) => `tcp-listen ${shownTcp(host, actual?.port ?? port)}`,
    async start(server, signal) {
      // Node's own listen() would look the name up where nothing can stop it from listening afterwards.
      const found = await untilAborted(lookup(host), signal);
      await startServer(server, { host: found.address, port });
    },
    // A TCP server that listens has no other kind of address.
    address: (server) => server.address() as AddressInfo,
  });
}

/** Throws INVALID_OPTION. */
export function checkedTcp({ host = '127.0.0.1', port }: TcpAddress, lowest: number): Required<TcpAddress> {
  if (typeof host !== 'string' || host === '') invalidOption('host', host, 'a host name or IP address');
  if (!Number.isInteger(port) || port < lowest || port > 65_535) {
    invalidOption('port', port, `a whole number from ${lowest} to 65535`);
  }
  return { host, port };
}

/** As messages show it. */
export function shownTcp(host: string, port: number): string {
  return host.includes(':') ? `[${plain(host)}]:${port}` : `${plain(host)}:${port}`;
}
