import type { NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidOption, VirtagentError } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';
import { Timers } from '../timers.ts';
import { bounds } from './bounds.ts';
import type { Channel } from './channel.ts';
import { connectSocket } from './connect.ts';
import { channelError } from './explain.ts';
import { GuestPort } from './guest-port.ts';
import { keepTrying, paused, type Patience } from './keep-trying.ts';
import { makeChannel } from './make-channel.ts';
import { heldByAnother, type ChardevAddress } from './qemu-chardevs.ts';
import type { QmpAddress } from './qmp.ts';
import { mustFit, socketPath } from './socket-path.ts';
import { checkedTcp, shownTcp } from './tcp.ts';
import { connectionsTo } from './unix-table.ts';
import { checkWaitMs } from './waiting.ts';

/** Where QEMU's chardev listens, and how it is waited for. */
export type QemuChardevOptions = ({ readonly path: string } | { readonly host?: string; readonly port: number }) &
  Partial<{ [Name in keyof Patience]: Patience[Name] | undefined }> & {
    /** The monitor of the same QEMU: it tells when the guest opens and closes its port. */
    readonly qmp?: QmpAddress | undefined;
    /** Hears that the monitor was lost while a line is up; the line goes on, and the monitor is tried again. */
    readonly onWarning?: ((error: VirtagentError) => void) | undefined;
  };

const names = optionNames<Record<'path' | 'host' | 'port' | 'qmp' | 'onWarning' | keyof Patience, unknown>>({
  path: true,
  host: true,
  port: true,
  qmp: true,
  onWarning: true,
  waitMs: true,
  clock: true,
  random: true,
});

/**
 * The host's end of a serial port of a QEMU guest: the unix socket or TCP port of a `-chardev socket,server=on`.
 *
 * open() waits up to `waitMs` (30,000 unless told) for the socket to appear, and tries again with growing pauses. A chardev
 * serves one client at a time: one that another program holds is CHANNEL_IN_USE, where that can be told (unix sockets on
 * Linux, or with `qmp`).
 *
 * With `qmp`, open() waits for the guest to open its port too, and the line ends when the guest closes it. Without it a line
 * opens whether or not anybody is at the guest's end.
 */
export function qemuChardev(options: QemuChardevOptions): Channel {
  checkNames('options', options, names);
  const { waitMs = bounds.chardevWaitMs, clock, random, qmp, onWarning } = options;
  checkWaitMs(waitMs);
  const { name, to, where } = target(options);
  const port = qmp === undefined ? undefined : new GuestPort(qmp, { name, where, clock, random, onWarning });

  const attempt = async (signal: AbortSignal): Promise<Duplex> => {
    try {
      await port?.opened(signal, waitMs !== 0);
      if (where.path !== undefined) await untilFree(name, where.path, signal, new Timers(clock));
      const line = await connectSocket(to, signal);
      port?.watch(line);
      return line;
    } catch (error) {
      signal.throwIfAborted();
      throw channelError(name, error);
    }
  };

  return makeChannel({
    name,
    reopens: true,
    opensOwnSockets: true,
    open: (signal) => keepTrying(attempt, (last) => port?.stuck() ?? last ?? stuck(name, where.path), signal, { waitMs, clock, random }),
    close: () => port?.close(),
  });
}

function target(options: QemuChardevOptions): { readonly name: string; readonly to: NetConnectOpts; readonly where: ChardevAddress } {
  if ('path' in options) {
    const path = socketPath(options.path);
    const name = `qemu-chardev ${path.shown}`;
    mustFit(name, path);
    return { name, to: { path: path.address }, where: { path: path.file } };
  }
  if (options.port === undefined) invalidOption('path', undefined, 'the path of a socket file, unless there is a port');
  const { host, port } = checkedTcp(options, 1);
  return { name: `qemu-chardev ${shownTcp(host, port)}`, to: { host, port }, where: { host, port } };
}

/**
 * A connection that is not accepted looks like any other: QEMU leaves it alone while it has another client. So none is made
 * while there is one. A client that has just left, such as the line before this, is still there for a moment.
 */
async function untilFree(name: string, file: string, signal: AbortSignal, timers: Timers): Promise<void> {
  for (let pause = 1; ; pause *= 2) {
    const found = connectionsTo(file);
    if (found === undefined || found.accepted === 0) return;
    if (pause > bounds.chardevFreeMs) throw heldByAnother(name);
    await paused(timers, pause, signal);
  }
}

/** Why the first attempt has not come to an end. */
function stuck(name: string, file: string | undefined): VirtagentError {
  if (file !== undefined && (connectionsTo(file)?.accepted ?? 0) > 0) return heldByAnother(name);
  return new VirtagentError('CHANNEL_FAILED', `${name}: QEMU has not accepted the connection`);
}
