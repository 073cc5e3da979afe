import { SimulatedClock } from 'xstate';
import { VirtagentError, type ErrorCode } from '../../transport/errors.ts';
import { virtioSerialOn } from '../../transport/channels/virtio-serial-channel.ts';
import type { Port, PortSystem } from '../../transport/channels/virtio-serial-device.ts';
import type { Channel } from '../../transport/channels/channel.ts';

/** An error of the system, by its number. */
export function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A port as the kernel has it: what came is read first, then it says whether a host is there. */
export class FakePort implements Port {
  hostIsThere = false;
  /** Each read gives one at most. `away` is a host that left, which was not noticed before the next one came. */
  incoming: (Buffer | 'away')[] = [];
  /** What the host got. */
  written = Buffer.alloc(0);
  /** Bytes that it takes, and at once. */
  room = Infinity;
  most = Infinity;
  unplugged = false;
  closed = false;
  reads = 0;
  writes = 0;

  send(text: string): void {
    this.incoming.push(Buffer.from(text, 'latin1'));
  }

  read(into: Uint8Array): number | 'away' | 'idle' {
    this.#use();
    this.reads++;
    const next = this.incoming.shift();
    if (next === undefined) return this.hostIsThere ? 'idle' : 'away';
    if (next === 'away') return next;
    into.set(next);
    return next.length;
  }

  write(bytes: Uint8Array): number {
    this.#use();
    this.writes++;
    const taken = this.hostIsThere ? Math.min(this.room, this.most, bytes.length) : 0;
    this.room -= taken;
    this.written = Buffer.concat([this.written, bytes.subarray(0, taken)]);
    return taken;
  }

  /** It is read at times: on real descriptors the tests with pipes do better. */
  watch(): undefined {
    this.#use();
  }

  close(): void {
    if (this.closed) throw new Error('closed twice');
    this.closed = true;
  }

  #use(): void {
    if (this.closed) throw new Error('used after close()');
    if (this.unplugged) throw errno('ENODEV');
  }
}

/** A machine with one port, or with none. */
export class FakeSystem implements PortSystem {
  readonly clock = new SimulatedClock();
  /** The lengths of all timers so far. */
  readonly pauses: number[] = [];
  running = 0;
  port: FakePort | undefined;
  refusal: ErrorCode | undefined;
  opens = 0;

  constructor(port?: FakePort) {
    this.port = port;
    const { clock } = this;
    const [start, stop] = [clock.setTimeout.bind(clock), clock.clearTimeout.bind(clock)];
    const ids = new Set<unknown>();
    clock.setTimeout = (fire, ms) => {
      this.pauses.push(ms);
      this.running++;
      const id = start(() => {
        if (ids.delete(id)) this.running--;
        fire();
      }, ms);
      ids.add(id);
      return id;
    };
    clock.clearTimeout = (id) => {
      if (ids.delete(id)) this.running--;
      stop(id);
    };
  }

  open(_pathOrName: string, channel: string): Port {
    this.opens++;
    if (this.refusal !== undefined) throw new VirtagentError(this.refusal, `${channel}: refused`);
    if (this.port === undefined) throw new VirtagentError('CHANNEL_NOT_FOUND', `${channel}: no port`);
    if (this.port.closed) throw new Error('a test gave a port twice');
    return this.port;
  }

  channel(): Channel {
    return virtioSerialOn(this, 'org.virtagent.0');
  }

  /** Steps the clock, and lets what that leads to happen. */
  async pass(ms: number, step = 1): Promise<void> {
    for (let at = 0; at < ms; at += step) {
      this.clock.increment(step);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
