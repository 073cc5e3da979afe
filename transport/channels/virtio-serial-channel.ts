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

/** `virtioSerial`, on a system that tests can play. */
export function virtioSerialOn(system: PortSystem, pathOrName: string): Channel {
  const { clock } = system;
  const name = `virtio-serial ${plain(pathOrName)}`;
  let port: Port | undefined;
  let line: PortLine | undefined;
  let wasThere = false;
  let isClosed = false;

  const letGo = (): void => {
    port?.close();
    port = undefined;
  };
  /** The port, opened. One that was there before, and was unplugged, is waited for. */
  const plugged = async (signal: AbortSignal): Promise<Port> => {
    for (;;) {
      try {
        port ??= system.open(pathOrName, name);
        wasThere = true;
        return port;
      } catch (error) {
        if (!wasThere || !(error instanceof VirtagentError) || error.code !== 'CHANNEL_NOT_FOUND') throw error;
      }
      await pause(clock, bounds.portAwayMs, signal);
    }
  };
  /** What a host that is there has sent, perhaps nothing yet; undefined while none is there, or no port. */
  const heard = (from: Port): Buffer | undefined => {
    const first = Buffer.allocUnsafe(portChunk);
    try {
      const length = from.read(first);
      if (length === 'away') return undefined;
      return length === 'idle' ? Buffer.alloc(0) : Buffer.from(first.subarray(0, length));
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
      for (;;) {
        const from = await plugged(signal);
        const first = heard(from);
        if (first !== undefined) return atRest((line = lineOn(from, first)));
        await pause(clock, bounds.hostAwayMs, signal);
      }
    },
    close() {
      isClosed = true;
      if (line === undefined) letGo();
    },
  });
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return abortable<void>(signal, (resolve) => {
    const timer = clock.setTimeout(resolve, ms);
    return () => clock.clearTimeout(timer);
  });
}
