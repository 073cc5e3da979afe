import { quote, VirtagentError } from '../errors.ts';
import { isRecord } from './qmp.ts';

/** Where a chardev listens: an absolute path, or a host and port. */
export type ChardevAddress = { readonly path: string } | { readonly path?: undefined; readonly host: string; readonly port: number };

/** What QEMU says of a chardev. */
export interface Chardev {
  readonly label: string;
  /** A client is connected. */
  readonly isHeld: boolean;
  /** The guest has its end open; of a port without that notion, such as a UART, always. */
  readonly isOpen: boolean;
}

/**
 * The chardev at an address among those of `query-chardev`, which describes a socket as `unix:PATH,server=on` or
 * `tcp:HOST:PORT,server=on`, with `disconnected:` before it while nobody is connected.
 */
export function findChardev(name: string, answer: unknown, where: ChardevAddress): Chardev {
  const all = Array.isArray(answer) ? answer.filter((one) => isRecord(one)) : [];
  const names: string[] = [];
  for (const { label, filename, ['frontend-open']: isOpen } of all) {
    if (typeof label !== 'string' || typeof filename !== 'string') continue;
    const address = filename.replace(/^disconnected:/, '');
    if (isAt(address, where)) return { label, isHeld: address === filename, isOpen: isOpen === true };
    names.push(`${label} (${address})`);
  }
  const has = names.length === 0 ? 'none' : quote(names.slice(0, 8).join(', '), 300);
  throw new VirtagentError('CHANNEL_NOT_FOUND', `${name}: the QEMU behind this QMP has no such chardev; it has ${has}`);
}

/** A path that QEMU was given as a relative one can only be compared by its end. */
function isAt(address: string, where: ChardevAddress): boolean {
  if (where.path !== undefined) {
    const path = /^unix:(.*?)(?:,server=on|,server)?$/s.exec(address)?.[1];
    return (
      path === where.path ||
      (path !== undefined && path !== '' && path[0] !== '/' && where.path.endsWith(`/${path.replace(/^(\.\/)+/, '')}`))
    );
  }
  const [, host, port] = /^(?:tcp|telnet|websocket):(.*?):(\d+)(?:,| |$)/.exec(address) ?? [];
  if (Number(port) !== where.port) return false;
  const anywhere = ['', '0.0.0.0', '[::]', '::', '*'];
  return host === where.host || host === `[${where.host}]` || anywhere.includes(host ?? '') || isLoopback(host) === isLoopback(where.host);
}

function isLoopback(host: string | undefined): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || host?.startsWith('127.') === true;
}

export function heldByAnother(name: string): VirtagentError {
  return new VirtagentError('CHANNEL_IN_USE', `${name}: another program is connected there, and a chardev serves one at a time`);
}
