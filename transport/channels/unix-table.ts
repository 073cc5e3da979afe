import { readFileSync } from 'node:fs';

/** Connections to one unix socket: those that its listener has accepted, and those that it has not. */
export interface Connections {
  readonly accepted: number;
  readonly waiting: number;
}

/**
 * What Linux tells of the connections to a socket file, from /proc/net/unix; undefined elsewhere. A listener that serves one
 * client at a time, as QEMU does, leaves others connected, unaccepted and unheard: only this shows it.
 */
export function connectionsTo(file: string): Connections | undefined {
  try {
    // Of no disk: the kernel writes it as it is read.
    return countConnections(readFileSync('/proc/net/unix', 'latin1'), file);
  } catch {
    return undefined;
  }
}

/** Columns: address, users, protocol, flags, type, state (3: connected, 2: not accepted yet), inode, path as it was bound. */
export function countConnections(table: string, file: string): Connections {
  let accepted = 0;
  let waiting = 0;
  const name = Buffer.from(file).toString('latin1');
  for (const line of table.split('\n')) {
    const match = /^\S+ \S+ \S+ (\S+) \S+ (0[23]) +\d+ (.+)$/.exec(line);
    // A listener that was given a relative path is shown with that.
    const [, flags, state, path = ''] = match ?? [];
    if (flags !== '00000000' || (path !== name && !(path[0] !== '/' && path !== '' && name.endsWith(`/${path}`)))) continue;
    if (state === '03') accepted++;
    else waiting++;
  }
  return { accepted, waiting };
}
