import { readFileSync } from 'node:fs';

/** Flag of a socket that takes connections, in /proc/net/unix. */
const ACCEPTS = 0x10000;

/** Whether somebody listens at a unix socket. Its file is there a moment before that, and who connects then is refused. */
export function isListening(path: string): boolean {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return lines.some((line) => line.endsWith(` ${path}`) && (Number.parseInt(line.split(/\s+/)[3] ?? '', 16) & ACCEPTS) !== 0);
}
