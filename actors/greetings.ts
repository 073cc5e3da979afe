import { sessionBounds } from '../transport/limits.ts';
import type { SessionOptions } from '../transport/session/session.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import type { CheckedPeerOptions } from './peer-options.ts';
import { QemuGaGreeting } from './qemu-ga-greeting.ts';
import { SessionGreeting } from './session-greeting.ts';
import { V7Greeting } from './v7-greeting.ts';

/** What the protocol of a peer exchanges before requests are sent; undefined for one that exchanges nothing. */
export function greetingOf(options: CheckedPeerOptions, host: GreetingHost): Greeting | undefined {
  const { protocol, role, methods } = options;
  if (protocol.greeting === 'session') return new SessionGreeting(host, sessionOptions(options));
  if (protocol.greeting === 'qemu-ga') return new QemuGaGreeting(host);
  if (protocol.greeting !== 'v7' || role === undefined) return undefined;
  return new V7Greeting(role, [...new Set(['ping', 'capabilities', ...Object.keys(methods)])], host);
}

function sessionOptions({ codecLimits: limits, reliable, keepMs, heartbeatMs, managerLimits }: CheckedPeerOptions): SessionOptions {
  const { maxServerJobs, executeSlots, maxServerBytes } = managerLimits;
  // What runs and what is nested is in the queue as well, and needs no credit: who keeps within that is not told BUSY.
  const requests = Math.max(1, Math.min(sessionBounds.requests, Math.floor(maxServerJobs / 2), maxServerJobs - executeSlots));
  return { limits, reliable, room: { requests, bytes: Math.ceil(maxServerBytes / 2) }, keepMs, heartbeatMs };
}
