import { sessionBounds } from '../transport/limits.ts';
import type { Room } from '../transport/session/allowance.ts';
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

function sessionOptions(options: CheckedPeerOptions): SessionOptions {
  const { codecLimits: limits, reliable, keepMs, heartbeatMs } = options;
  return { limits, reliable, room: roomOf(options), keepMs, heartbeatMs };
}

/**
 * What waits, what runs and what is nested shares the queue, and who keeps within their credit is not told BUSY. So half of it is for what
 * waits, and a quarter for what runs, or as many requests as there are slots; what runs beyond that takes the place of what waits. The last request may go beyond
 * the bytes.
 */
function roomOf({ codecLimits, managerLimits }: CheckedPeerOptions): Room {
  // All may be infinite, and be taken from one another here.
  const maxServerJobs = Math.min(managerLimits.maxServerJobs, Number.MAX_SAFE_INTEGER);
  const maxServerBytes = Math.min(managerLimits.maxServerBytes, Number.MAX_SAFE_INTEGER);
  const executeSlots = Math.min(managerLimits.executeSlots, Number.MAX_SAFE_INTEGER);
  const requests = Math.max(1, Math.min(sessionBounds.requests, Math.floor(maxServerJobs / 2), maxServerJobs - executeSlots));
  const bytes = Math.min(sessionBounds.requestBytes, Math.ceil(maxServerBytes / 2));
  const others = maxServerJobs - requests;
  return {
    waiting: { requests, bytes },
    running: {
      requests: Math.max(others - Math.floor(maxServerJobs / 4), Math.min(executeSlots, others)),
      bytes: Math.max(0, Math.floor(maxServerBytes / 4) - codecLimits.maxMessageBytes),
    },
  };
}
