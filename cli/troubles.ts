import type { Peer } from '../actors/index.ts';
import type { Log } from './log.ts';

const LOOK_MS = 1000;

/** Logs what the other side does wrong: bytes that are no message, and answers that nobody waits for. */
export function watchTroubles(peer: Peer, log: Log): void {
  peer.damage$.subscribe(({ reason, message, dropped }) => log.warn('damage', `${reason}: ${message}`, { reason, dropped }));
  let seen = 0;
  const look = (): void => {
    const { violations, unclaimed } = peer.counters;
    const count = violations + unclaimed - seen;
    if (count > 0) log.warn('violations', `the other side sent ${count} answers or notices that nobody waits for`, { count });
    seen += count;
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  void peer.ended().then(() => {
    clearInterval(timer);
    look();
  });
}
