import { stat } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { invalidOption, quote, VirtagentError } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import type { Channel } from './channel.ts';
import { channelError, plain, unusable } from './explain.ts';
import { makeChannel } from './make-channel.ts';
import { SerialLine, type SerialHandle } from './serial-line.ts';

/** How a serial port is set up, besides 8N1, raw, and without flow control. */
export interface IsaSerialOptions {
  /** Bits in a second, from 50 to 4,000,000; 115,200 unless told. Both ends need the same. A pseudo-terminal ignores it. */
  readonly baudRate?: number | undefined;
}

const names = optionNames<IsaSerialOptions>({ baudRate: true });

interface OpenPort extends SerialHandle {
  getBaudRate(): Promise<{ baudRate: number }>;
}

const defaultBaudRate = 115_200;

/**
 * A serial port or a pseudo-terminal, at either end, through the `serialport` package, which is to be installed beside this
 * one. Raw, 8N1, no echo, no flow control; the port is locked against others that lock it too.
 *
 * open() drops what the driver held: who said it, and when, is not known. A serial line has no connection, so it is open
 * whether or not anybody is at the other end, and what is written to nobody is lost.
 */
export function isaSerial(path: string, options: IsaSerialOptions = {}): Channel {
  checkNames('options', options, names);
  const { baudRate = defaultBaudRate } = options;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) invalidOption('path', path, 'the path of a serial port');
  if (!Number.isInteger(baudRate) || baudRate < 50 || baudRate > 4_000_000) {
    invalidOption('baudRate', baudRate, 'a whole number from 50 to 4000000, such as 115200');
  }
  const name = `isa-serial ${plain(path)}`;
  let last: Duplex | undefined;
  const open = async (signal: AbortSignal): Promise<Duplex> => {
    // It holds the lock until it has handed over what was written.
    if (last !== undefined) await letGo(last, signal);
    return (last = await openPort(name, path, baudRate, signal));
  };
  return makeChannel({ name, reopens: true, lossy: true, open });
}

/** Waits for a line that is being closed. One that is in use has the port. */
async function letGo(line: Duplex, signal: AbortSignal): Promise<void> {
  if (line.closed || !(line.destroyed || line.writableEnded)) return;
  await abortable<void>(signal, (resolve) => {
    line.once('close', resolve);
    return () => line.off('close', resolve);
  });
}

async function openPort(name: string, path: string, baudRate: number, signal: AbortSignal): Promise<Duplex> {
  const open = await loadSerialPort(name);
  const port = await open({ path, baudRate }).catch(async (error: unknown) => {
    throw await explain(name, path, baudRate, error);
  });
  try {
    signal.throwIfAborted();
    if (typeof port.fd !== 'number') throw unusable(name, 'serial ports are for Linux and macOS');
    // With a rate that is not among the usual ones the package leaves what is there.
    await port.flush();
    const actual = await port.getBaudRate().catch(() => undefined);
    if (actual !== undefined && actual.baudRate !== baudRate) throw unsupported(name, baudRate);
    signal.throwIfAborted();
  } catch (error) {
    await port.close().catch(() => {});
    throw error;
  }
  return atRest(new SerialLine(name, port));
}

/** What opens a port. The package has a native part, and is loaded when a port is opened. */
async function loadSerialPort(name: string): Promise<(options: { path: string; baudRate: number }) => Promise<OpenPort>> {
  try {
    const { SerialPort } = await import('serialport');
    return async ({ path, baudRate }) => {
      const options = { path, baudRate, dataBits: 8, parity: 'none', stopBits: 1, lock: true, hupcl: false } as const;
      return (await SerialPort.binding.open(options)) as unknown as OpenPort;
    };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    const why = isMissing ? 'it needs the serialport package' : 'the serialport package can not be loaded';
    throw new VirtagentError('CHANNEL_UNUSABLE', `${name}: ${why}: npm install serialport`, { cause: error });
  }
}

/** The package tells what the system said in words alone. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/no such file/i, 'ENOENT'],
  [/not a directory/i, 'ENOTDIR'],
  [/permission denied/i, 'EACCES'],
  [/not permitted/i, 'EPERM'],
  [/read-only file system/i, 'EROFS'],
  [/symbolic links/i, 'ELOOP'],
];

async function explain(name: string, path: string, baudRate: number, error: unknown): Promise<VirtagentError> {
  const text = error instanceof Error ? error.message : String(error);
  const made = (code: 'CHANNEL_IN_USE' | 'CHANNEL_UNUSABLE' | 'CHANNEL_NOT_FOUND' | 'CHANNEL_FAILED', what: string): VirtagentError =>
    new VirtagentError(code, `${name}: ${what}`, { cause: error });
  const errno = meanings.find(([words]) => words.test(text))?.[1];
  if (errno !== undefined) return channelError(name, Object.assign(new Error(text, { cause: error }), { code: errno }));
  if (/lock port|resource busy/i.test(text)) return made('CHANNEL_IN_USE', 'another process holds this port');
  const found = await stat(path).catch(() => undefined);
  if (found?.isCharacterDevice() === false) return made('CHANNEL_UNUSABLE', 'that is no device, but a file, a folder or a socket');
  if (/inappropriate ioctl|not a tty/i.test(text))
    return made('CHANNEL_UNUSABLE', 'that device is no serial port and no terminal (ENOTTY)');
  if (/no such device/i.test(text)) return made('CHANNEL_NOT_FOUND', 'there is no device behind it (ENXIO)');
  if (/(input\/output|i\/o) error/i.test(text)) return made('CHANNEL_UNUSABLE', 'there is no serial hardware behind it (EIO)');
  if (/baud rate/i.test(text)) return unsupported(name, baudRate);
  return made('CHANNEL_FAILED', `opening it failed: ${quote(text, 200)}`);
}

function unsupported(name: string, baudRate: number): VirtagentError {
  return unusable(name, `this port does not do ${baudRate} baud; give both ends another rate`);
}
