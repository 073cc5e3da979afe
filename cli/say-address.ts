import type { InspectServer } from '../inspector/server.ts';
import type { Log } from './log.ts';

/** Says where an inspector is served, also to who wants no logs: nothing else tells it. */
export function sayAddress({ url }: InspectServer, log: Log): void {
  log.always('info', 'inspector', `inspector: ${url}`, { url });
}

/** Warns where others than this machine reach it. */
export function warnOfOthers({ host, isLoopback }: InspectServer, log: Log): void {
  if (isLoopback) return;
  log.always('warn', 'inspector', `${host} is not this machine alone: HTTP is not encrypted, and who sees the address may look on`);
}
