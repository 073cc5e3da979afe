import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { HandlerContext } from '../actors/index.ts';
import { errnoError, errnoOf } from './errno.ts';
import { readParams } from './params.ts';
import { Tail } from './tail.ts';

/** The end of the kernel's log, as `getdmesg` gives it. */
export interface KernelLog {
  readonly text: string;
  /** Whether older lines were left out. */
  readonly truncated: boolean;
}

/** With JSON's escapes far below v7's 2 MiB. */
const MOST_BYTES = 256 * 1024;

/** A record of the kernel has at most 8 KiB; with less room its read fails. */
const RECORD_BYTES = 16 * 1024;

/** More than any kernel keeps: one that logs faster than we read would never end. */
const MOST_RECORDS = 100_000;

/** A command that takes longer hangs. */
const COMMAND_MS = 5000;

/** Where the kernel log is. */
export interface KernelLogSource {
  readonly device: string;
  /** For users that may not read the device, some systems have a command that may. */
  readonly command: string;
}

const linux: KernelLogSource = { device: '/dev/kmsg', command: 'dmesg' };

/** `getdmesg`: the end of the real kernel log, never waiting for more of it. */
export async function getdmesg(params: unknown, { signal }: HandlerContext): Promise<KernelLog> {
  readParams('getdmesg', params, {});
  return readKernelLog(linux, signal);
}

/** Rejects with a MethodError if neither the device nor the command gives it. */
export async function readKernelLog(source: KernelLogSource, signal: AbortSignal): Promise<KernelLog> {
  const kmsg = await open(source.device, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => error);
  if (kmsg instanceof Error) return fromCommand(source, signal, errnoOf(kmsg) ?? 'EIO');
  try {
    return await fromDevice(kmsg as FileHandle, signal);
  } finally {
    await (kmsg as FileHandle).close();
  }
}

async function fromDevice(kmsg: FileHandle, signal: AbortSignal): Promise<KernelLog> {
  const lines = new Tail(MOST_BYTES);
  const buffer = Buffer.alloc(RECORD_BYTES);
  for (let records = 0; records < MOST_RECORDS; records++) {
    signal.throwIfAborted();
    const read = await kmsg.read(buffer, 0, buffer.length, null).catch(errnoOf);
    // Written over while we read: the next read is at what is now the oldest.
    if (read === 'EPIPE') continue;
    if (typeof read !== 'object' || read.bytesRead === 0) break;
    for (const line of kmsgLines(buffer.toString('utf8', 0, read.bytesRead))) lines.add(line);
  }
  return { text: lines.text, truncated: lines.isCut };
}

/** One record (`priority,number,microseconds,flags;text`, then its properties) as the lines that dmesg prints. */
export function kmsgLines(record: string): string[] {
  const match = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(record);
  if (match === null) return [];
  const [, microseconds = '0', text = ''] = match;
  const stamp = `${microseconds.slice(0, -6) || '0'}.${microseconds.slice(-6).padStart(6, '0')}`;
  // The kernel writes what is not printable, line breaks included, as \xNN.
  return text.split('\\x0a').map((line) => `[${stamp.padStart(12)}] ${line}`);
}

function fromCommand({ device, command }: KernelLogSource, signal: AbortSignal, why: string): Promise<KernelLog> {
  return new Promise((resolve, reject) => {
    const refuse = (detail: string): void =>
      reject(errnoError('EACCES', `the kernel log can not be read here: ${device} ${why}, ${command} ${detail}`));
    const child = spawn(command, [], { stdio: ['ignore', 'pipe', 'ignore'], timeout: COMMAND_MS, killSignal: 'SIGKILL', signal });
    const lines = new Tail(MOST_BYTES);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = (parts.pop() ?? '').slice(-MOST_BYTES);
      for (const line of parts) lines.add(line);
    });
    child.on('error', (error) => refuse(errnoOf(error) ?? 'failed'));
    child.on('close', (code, killed) => {
      if (code !== 0) return refuse(code === null ? `was ended by ${killed}` : `ended with ${code}`);
      if (rest !== '') lines.add(rest);
      return resolve({ text: lines.text, truncated: lines.isCut });
    });
  });
}
