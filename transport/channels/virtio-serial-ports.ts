import { existsSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { quote, VirtagentError } from '../errors.ts';
import { errnoOf, plain, unusable } from './explain.ts';

/** Where the system shows its ports. Tests give folders of their own. */
export interface PortFolders {
  readonly sys: string;
  readonly dev: string;
}

export const portFolders: PortFolders = Object.freeze({ sys: '/sys', dev: '/dev' });

interface ListedPort {
  /** As the kernel calls it, such as `vport0p1`. */
  readonly entry: string;
  /** As QEMU's `name=` has it; a port needs none. */
  readonly name: string;
}

/** A message names no more ports than this: a host may give hundreds. */
const mostNames = 12;

/**
 * The path of a port's device. A name is looked up in sysfs first: `/dev/virtio-ports` holds links that udev makes a moment
 * later, with some characters of a name replaced, and a machine without udev has none. For the same reason a path below
 * `/dev/virtio-ports` that does not exist (yet) is looked up by its last part.
 *
 * Throws a VirtagentError: CHANNEL_NOT_FOUND, which lists what there is, CHANNEL_DENIED or CHANNEL_UNUSABLE.
 */
export function findPort(pathOrName: string, channel: string, folders: PortFolders = portFolders): string {
  const ports = listPorts(folders);
  const links = join(folders.dev, 'virtio-ports');
  if (!pathOrName.includes('/')) {
    const path = pathOf(pathOrName, ports, folders) ?? join(links, pathOrName);
    return checked(path, ports, channel, folders) ?? notFound(channel, 'there is no port of that name', ports);
  }
  const found = checked(pathOrName, ports, channel, folders);
  if (found !== undefined) return found;
  const named = dirname(pathOrName) === links ? pathOf(basename(pathOrName), ports, folders) : undefined;
  return (named && checked(named, ports, channel, folders)) ?? notFound(channel, 'there is nothing at that path', ports);
}

/** The ports that the kernel has; undefined where it does not tell, for sysfs is not mounted, or is closed to this user. */
function listPorts({ sys }: PortFolders): readonly ListedPort[] | undefined {
  const folder = join(sys, 'class');
  if (!existsSync(folder)) return undefined;
  return entriesOf(join(folder, 'virtio-ports')).map((entry) => ({
    entry,
    name: textOf(join(folder, 'virtio-ports', entry, 'name')),
  }));
}

/** In the order of their numbers: of two devices with a port of one name the first counts. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  } catch {
    return [];
  }
}

/** A file of sysfs without the newline that ends it; empty if it has just gone, or is not there. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } catch {
    return '';
  }
}

function pathOf(name: string, ports: readonly ListedPort[] | undefined, { dev }: PortFolders): string | undefined {
  const port = ports?.find((one) => one.name === name);
  return port && join(dev, port.entry);
}

/** The path, if a port's device is there. Throws if something else is: reading it could do anything, or wait for ever. */
function checked(path: string, ports: readonly ListedPort[] | undefined, channel: string, { sys }: PortFolders): string | undefined {
  const found = look(path, channel);
  if (found === undefined) return undefined;
  if (!found.isCharacterDevice()) throw unusable(channel, 'what is there is no character device, and so no port');
  // The numbers of the device, as makedev() joins them.
  const major = (found.rdev >> 8) & 0xfff;
  const minor = (found.rdev & 0xff) | ((found.rdev >> 12) & 0xfff00);
  const isPort = ports?.some(({ entry }) => textOf(join(sys, 'class/virtio-ports', entry, 'dev')) === `${major}:${minor}`);
  if (isPort === false) throw unusable(channel, 'what is there is a device, but no virtio-serial port');
  return path;
}

function look(path: string, channel: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    const number = errnoOf(cause);
    if (number === 'ENOENT' || number === 'ENOTDIR') return undefined;
    throw portError(channel, cause);
  }
}

function notFound(channel: string, text: string, ports: readonly ListedPort[] | undefined): never {
  throw new VirtagentError('CHANNEL_NOT_FOUND', `${channel}: ${text}; ${existing(ports)}`);
}

function existing(ports: readonly ListedPort[] | undefined): string {
  if (ports === undefined) return 'which ports there are is not known without /sys';
  if (ports.length === 0) return 'this machine has no virtio-serial port (is it a guest, with virtio_console loaded?)';
  const shown = ports.slice(0, mostNames).map(({ entry, name }) => (name === '' ? entry : plain(name)));
  const more = ports.length - shown.length;
  return `the ports are ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What the system says when a port is opened, for a user. */
export function portError(channel: string, cause: unknown): VirtagentError {
  const number = errnoOf(cause);
  const of = (code: 'CHANNEL_NOT_FOUND' | 'CHANNEL_IN_USE' | 'CHANNEL_DENIED' | 'CHANNEL_FAILED', text: string): VirtagentError =>
    new VirtagentError(code, `${channel}: ${text}${number === undefined ? '' : ` (${number})`}`, { cause });
  switch (number ?? '') {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return of('CHANNEL_NOT_FOUND', 'the port has just been unplugged');
    case 'EBUSY':
      return of('CHANNEL_IN_USE', 'another process holds the port, which can be open once at a time');
    case 'EACCES':
    case 'EPERM':
      return of('CHANNEL_DENIED', 'this user may not open it');
    default:
      return of('CHANNEL_FAILED', `the port failed: ${quote(cause instanceof Error ? cause.message : cause, 200)}`);
  }
}
