import { invalidOption } from '../errors.ts';
import type { Channel } from './channel.ts';
import { virtioSerialOn } from './virtio-serial-channel.ts';
import { portSystem } from './virtio-serial-device.ts';

/**
 * A virtio-serial port of this guest: by name, as QEMU's `name=` has it, or by path. Each line is up while the host has the
 * other end open; open() waits for the host, and, once the port was there, for the port too if it is unplugged.
 *
 * The port itself stays open until close(): who closes it loses what the host sends in that moment. Between two lines the
 * kernel keeps what the host sends, and the next line begins with it. A host that leaves and is back before this process has
 * looked is not noticed: the line goes on, and only the protocol can tell one host from the next.
 *
 * Rejects with CHANNEL_NOT_FOUND (which lists the ports there are), CHANNEL_IN_USE, CHANNEL_DENIED or CHANNEL_UNUSABLE.
 */
export function virtioSerial(pathOrName: string): Channel {
  if (typeof pathOrName !== 'string' || pathOrName === '' || pathOrName.includes('\0')) {
    invalidOption('pathOrName', pathOrName, 'the name or the path of a virtio-serial port');
  }
  return virtioSerialOn(portSystem, pathOrName);
}
