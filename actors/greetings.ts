import { sessionBounds } from '../transport/limits.ts';
import type { Greeting } from './greeting.ts';
import type { PeerWork } from './peer-work.ts';
import { QemuGaGreeting, type QemuGaHost } from './qemu-ga-greeting.ts';
import { SessionGreeting, type SessionGreetingHost } from './session-greeting.ts';
import { V7Greeting } from './v7-greeting.ts';

/** What the protocol of a peer exchanges before requests are sent; undefined for one that exchanges nothing. */
export function greetingOf(work: PeerWork): Greeting | undefined {
  const { protocol, role, methods } = work.options;
  if (protocol.greeting === 'session') return new SessionGreeting(sessionHost(work));
  if (protocol.greeting === 'qemu-ga') return new QemuGaGreeting(qemuGaHost(work));
  if (protocol.greeting !== 'v7' || role === undefined) return undefined;
  return new V7Greeting(role, {
    get manager() {
      return work.manager;
    },
    outgoing: work.outgoing,
    methodNames: [...new Set(['ping', 'capabilities', ...Object.keys(methods)])],
    greeted: () => work.transport.greeted(),
  });
}

function sessionHost(work: PeerWork): SessionGreetingHost {
  const { random, codecLimits: limits, reliable, keepMs, heartbeatMs, managerLimits } = work.options;
  const { maxServerJobs, executeSlots, maxServerBytes } = managerLimits;
  // What runs and what is nested is in the queue as well, and needs no credit: who keeps within that is not told BUSY.
  const requests = Math.max(1, Math.min(sessionBounds.requests, Math.floor(maxServerJobs / 2), maxServerJobs - executeSlots));
  const room = { requests, bytes: Math.ceil(maxServerBytes / 2) };
  return {
    ref: work.ref,
    get manager() {
      return work.manager;
    },
    get transport() {
      return work.transport;
    },
    random,
    options: { limits, reliable, room, keepMs, heartbeatMs },
    gate: (open) => work.manager.gate(open),
    onViolation: () => work.onUnclaimed(),
    stopChild: work.stopChild,
  };
}

function qemuGaHost(work: PeerWork): QemuGaHost {
  return {
    ref: work.ref,
    get manager() {
      return work.manager;
    },
    get transport() {
      return work.transport;
    },
    outgoing: work.outgoing,
    random: work.options.random,
    get isTraced() {
      return work.isTraced;
    },
    trace: (direction, message, bytes) => work.trace(direction, message, bytes),
    hold: () => work.manager.gate('exempt'),
    onUnclaimed: () => work.onUnclaimed(),
    stopChild: work.stopChild,
  };
}
