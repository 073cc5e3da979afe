import { roomFor } from '../session/conversation-support.ts';
import { SimulatedClock } from 'xstate';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { protocolByName, type IncomingMessage, type OutgoingMessage, type ProtocolName } from '../../transport/index.ts';
import { REQUEST_CHARGE } from '../../transport/session/allowance.ts';
import { Session } from '../../transport/session/session.ts';
import { Timers } from '../../transport/timers.ts';

/** What the far end of a line, played by hand, needs to speak a protocol. */
export interface FarSide {
  /** What those bytes say. */
  push(chunk: Uint8Array): IncomingMessage[];
  /** A message as bytes; with virtagent-2 of a session, which has to be agreed on. */
  encode(message: OutgoingMessage): Uint8Array;
  /** Calls `then` when messages can be encoded: at once, or when a session is agreed on. */
  whenMet(then: () => void): void;
  /** Ends the session of virtagent-2 in order, with why. */
  bye?(code: number, text: string): void;
}

/** @param write - takes what the protocol itself has to say: HELLO, STATUS, limits. */
export function farSide(protocol: ProtocolName, write: (bytes: Uint8Array) => void): FarSide {
  if (protocol === 'virtagent-2') return sessionSide(write);
  const { createCodec, limits } = protocolByName(protocol);
  const codec = createCodec(limits);
  return { push: (chunk) => codec.push(chunk) as IncomingMessage[], encode: (message) => codec.encode(message), whenMet: (then) => then() };
}

/** A side of a session that follows its chart as far as a line that works needs it. Its clock stands still: it repeats nothing. */
function sessionSide(write: (bytes: Uint8Array) => void): FarSide {
  const { limits } = protocolByName('virtagent-2');
  let isMet = false;
  let waiting: (() => void)[] = [];
  let caught: Uint8Array[] | undefined;
  const session: Session = new Session(
    {
      timers: new Timers(new SimulatedClock()),
      random: Math.random,
      isFlushed: false,
      write: (bytes, taken) => {
        if (caught === undefined) write(bytes);
        else caught.push(bytes);
        taken({ ok: true });
      },
      tell: (event) => {
        if (event.type === 'agreed') session.tellLimits(false);
        if (event.type !== 'limits' || isMet) return;
        isMet = true;
        for (const then of waiting) then();
        waiting = [];
      },
      credit: () => {},
      discard: () => {},
      silent: () => {},
    },
    { limits, reliable: false, room: roomFor({ requests: 1024, bytes: 2 ** 26 }), keepMs: 30_000, heartbeatMs: Infinity },
  );
  session.lineOpened();
  // Whoever makes this side may make its line with it.
  queueMicrotask(() => session.hello());
  return {
    push: (chunk) => session.push(chunk).map(noted),
    encode(message) {
      const payload = session.encode(message);
      const isAsked = message.type === 'request' || message.type === 'notification';
      const charge = isAsked ? payload.length + REQUEST_CHARGE : 0;
      caught = [];
      let isWhole = false;
      const send = (): void =>
        session.send(payload, charge, false, (result) => {
          if (!result.ok) throw result.error;
          isWhole = result.more !== true;
        });
      while (!isWhole) send();
      const bytes = Buffer.concat(caught);
      caught = undefined;
      return bytes;
    },
    whenMet: (then) => {
      if (isMet) then();
      else waiting.push(then);
    },
    bye: (code, text) => session.bye(code, text),
  };

  /** What the peer sent came to its place: it no longer waits there. */
  function noted(one: IncomingMessage | RemoteProtocolError): IncomingMessage {
    if (one instanceof RemoteProtocolError) return one as never;
    if (one.type === 'notification' || (one.type === 'request' && one.nested !== true)) session.release(one.bytes, session.number);
    return one;
  }
}
