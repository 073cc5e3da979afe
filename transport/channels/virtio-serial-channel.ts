import { VirtagentError } from '../errors.ts';
import type { Clock } from '../timers.ts';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import { bounds } from './bounds.ts';
import type { Channel } from './channel.ts';
import { errnoOf, plain, unusable } from './explain.ts';
import { makeChannel } from './make-channel.ts';
import { portChunk, type Port, type PortSystem } from './virtio-serial-device.ts';
import { PortLine } from './virtio-serial-line.ts';
import { portError } from './virtio-serial-ports.ts';

/** Milliseconds until the port is looked at again; each pause that follows is twice as long, up to `bounds.hostAwayMs`. */
const firstLook = 10;

/** udev gives a port to its group a moment after the port has come back: looks in a row that may be refused, in about 4 s. */
const mostDenials = 12;

/** `virtioSerial`, on a system that tests can play. */
export function virtioSerialOn(system: PortSystem, pathOrName: string): Channel {
  const { clock } = system;
  const name = `virtio-serial ${plain(pathOrName)}`;
  let port: Port | undefined;
  let line: PortLine | undefined;
  let wasThere = false;
  let denials = 0;
  let isClosed = false;
  const buffer = Buffer.allocUnsafeSlow(portChunk);

  const letGo = (): void => {
    port?.close();
    port = undefined;
  };
  /** The port, opened. One that was there before, and was unplugged, is waited for. */
  const plugged = (): Port | undefined => {
    try {
      port ??= system.open(pathOrName, name);
      wasThere = true;
      denials = 0;
    } catch (error) {
      const code = error instanceof VirtagentError ? error.code : undefined;
      const isOnItsWay = code === 'CHANNEL_NOT_FOUND' || (code === 'CHANNEL_DENIED' && ++denials < mostDenials);
      if (!wasThere || !isOnItsWay) throw error;
    }
    return port;
  };
  /** A line, once a host is there. It begins with what was read to see that, perhaps nothing. */
  const look = (): PortLine | undefined => {
    const from = plugged();
    if (from === undefined) return undefined;
    try {
      const length = from.read(buffer);
      if (length === 'away') return undefined;
      line = lineOn(from, Buffer.from(buffer.subarray(0, length === 'idle' ? 0 : length)));
      return line;
    } catch (error) {
      letGo();
      if (errnoOf(error) === 'ENODEV') return undefined;
      throw portError(name, error);
    }
  };
  const lineOn = (from: Port, first: Buffer): PortLine =>
    new PortLine({
      port: from,
      first,
      clock,
      explain: (error) =>
        errnoOf(error) === 'ENODEV'
          ? new VirtagentError('LINE_LOST', `${name}: the port was unplugged (ENODEV)`, { cause: error })
          : portError(name, error),
      onClose(failed) {
        line = undefined;
        if (failed || isClosed) letGo();
      },
    });

  return makeChannel({
    name,
    reopens: true,
    async open(signal) {
      if (line !== undefined) throw unusable(name, 'its line is in use');
      return atRest(await looking(look, clock, signal));
    },
    close() {
      isClosed = true;
      if (line === undefined) letGo();
    },
  });
}

/** Looks at once, and then at pauses, until there is something. */
function looking<Found>(look: () => Found | undefined, clock: Clock, signal: AbortSignal): Promise<Found> {
  return abortable<Found>(signal, (resolve, reject) => {
    let timer: unknown;
    let pause = firstLook;
    const next = (): void => {
      try {
        const found = look();
        if (found !== undefined) return resolve(found);
      } catch (error) {
        return reject(error);
      }
      timer = clock.setTimeout(next, pause);
      pause = Math.min(pause * 2, bounds.hostAwayMs);
    };
    next();
    return () => clock.clearTimeout(timer);
  });
}
