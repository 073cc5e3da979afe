import { resolve } from 'node:path';
import { invalidOption } from '../errors.ts';
import { bounds } from './bounds.ts';
import { plain, unusable } from './explain.ts';

/** A unix socket's path as a user gave it. */
export interface SocketPath {
  /** For file operations: a later chdir() does not change what it names. */
  readonly file: string;
  /** For connecting: absolute too, unless only the relative path is short enough. */
  readonly address: string;
  readonly shown: string;
}

export function fits(path: string): boolean {
  return Buffer.byteLength(path) <= bounds.socketPathBytes;
}

/** Throws INVALID_OPTION for what is no path at all. */
export function socketPath(path: string): SocketPath {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    invalidOption('path', path, 'the path of a socket file');
  }
  const file = resolve(path);
  return { file, address: fits(file) ? file : path, shown: plain(path) };
}

/** Throws CHANNEL_UNUSABLE for a path that the system would cut off, and so take for another one. */
export function mustFit(name: string, { address }: SocketPath): void {
  if (fits(address)) return;
  const { socketPathBytes } = bounds;
  throw unusable(name, `the path has ${Buffer.byteLength(address)} bytes; a socket's has at most ${socketPathBytes}`);
}
