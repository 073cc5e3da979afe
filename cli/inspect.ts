import packageJson from '../package.json' with { type: 'json' };
import type { Methods, Peer, Role } from '../actors/index.ts';
import type { statelyBridge } from '../inspector/bridges/stately.ts';
import { LineSide } from '../inspector/far/line-side.ts';
import { shareRecords } from '../inspector/far/line-share.ts';
import { RemoteSide } from '../inspector/far/remote-side.ts';
import { shareMethod } from '../inspector/far/share-outbox.ts';
import { Sides } from '../inspector/far/sides.ts';
import { createInspector, type Inspector, type InspectorOptions } from '../inspector/inspector.ts';
import { inspectorAddress } from '../inspector/remote.ts';
import { serveInspector, type InspectServer } from '../inspector/server.ts';
import { tcpAddress } from '../transport/channels/open.ts';
import type { TcpAddress } from '../transport/channels/tcp.ts';
import { VirtagentError } from '../transport/errors.ts';
import { bridgeChoice, xstateBridge, type BridgeChoice } from './inspect-bridge.ts';
import type { RawInspectOptions } from './inspect-options.ts';
import type { Log } from './log.ts';
import { RecordFile } from './record-file.ts';
import { sayAddress, warnOfOthers } from './say-address.ts';
import { oneLine } from './text.ts';

/** What is wanted, checked. */
interface Wanted {
  /** Where the inspector is served; undefined: it is not. */
  readonly address: TcpAddress | undefined;
  readonly payloads: boolean;
  readonly control: boolean;
  readonly peer: URL | undefined;
  readonly overLine: boolean;
  readonly shares: boolean;
  readonly bridge: BridgeChoice | undefined;
  readonly record: string | undefined;
}

/** What is shared over the line is little: see ShareOutbox. */
const share = Object.freeze({ stepsPerSecond: 1_000, ringSteps: 4_096 });

/** Who is inspected, for who looks on. */
export interface Inspected {
  readonly peer: Peer;
  readonly role: Role;
  /** The line, in a few words. */
  readonly line: string;
}

/**
 * All that looks at a command's peer. It is there before the line is opened, so that an address in use or a file that can't be made ends
 * the command before anything is sent.
 */
export class Inspecting {
  readonly #wanted: Wanted;
  readonly #log: Log;
  readonly #sides = new Sides();
  #server: InspectServer | undefined;
  #file: RecordFile | undefined;
  #recording: { stop(): void } | undefined;
  #about: (InspectorOptions & { readonly peer: Peer }) | undefined;
  #shared: Inspector | undefined;
  #toStately: Awaited<ReturnType<typeof statelyBridge>> | undefined;
  /** Lets go of one thing each, in this order. */
  readonly #ends: (() => void)[] = [];

  private constructor(wanted: Wanted, log: Log) {
    this.#wanted = wanted;
    this.#log = log;
  }

  /** Throws INVALID_OPTION, CHANNEL_IN_USE and the like: nothing is left behind then. */
  static async start(raw: RawInspectOptions, log: Log): Promise<Inspecting> {
    const inspecting = new Inspecting(wantedOf(raw), log);
    try {
      await inspecting.#open();
      return inspecting;
    } catch (error) {
      await inspecting.end();
      throw error;
    }
  }

  /** What the other side may call because of it. */
  get methods(): Methods {
    if (!this.#wanted.shares) return {};
    // Nothing is written down before somebody asks.
    const given = (): Inspector => (this.#shared ??= this.#share());
    return { [shareMethod]: shareRecords({ watch: (viewer) => given().watch(viewer), act: (act) => given().act(act) }) };
  }

  /** Looks at the peer from now on. */
  attach({ peer, role, line }: Inspected): void {
    const { payloads, control, overLine, bridge } = this.#wanted;
    const about = { peer, name: `${role} on ${line}`.slice(0, 200), version: packageJson.version, role };
    this.#about = about;
    if (this.#server !== undefined || this.#file !== undefined) {
      const inspector = createInspector({ ...about, payloads, control });
      this.#ends.push(() => inspector.stop());
      this.#sides.attach('near', inspector);
    }
    if (overLine) {
      const far = new LineSide(peer, (error) => this.#sayUntold(error));
      this.#ends.push(() => far.stop());
      this.#sides.attach('far', far);
    }
    if (bridge?.to === 'stately') {
      const onUnreachable = (reason: string): void =>
        this.#log.warn('inspector', `--inspect-bridge stately: nobody can be reached there yet: ${oneLine(reason, 200)}`);
      const bridged = this.#toStately?.(peer, { url: bridge.url, onUnreachable });
      this.#ends.push(() => bridged?.stop());
    }
  }

  /** Shows another agent's inspector as the far side. */
  attachFar(address: URL): void {
    let last = '';
    const far = new RemoteSide(address, (reason) => {
      // Each viewer has a connection of its own, and all say the same.
      if (reason !== last) this.#log.warn('inspector', `the other agent's inspector, ${address.host}: ${reason}`);
      last = reason;
    });
    this.#sides.attach('far', far);
  }

  /** Lets go of all: viewers are told, and what is recorded is written. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    this.#recording?.stop();
    await Promise.all([this.#server?.close(), this.#file?.close()]);
    this.#server = this.#file = this.#recording = undefined;
  }

  async #open(): Promise<void> {
    const { record, address, peer, bridge } = this.#wanted;
    if (record !== undefined) {
      this.#file = await RecordFile.create(record, (reason) => this.#log.warn('inspector', `recording ended: ${reason}`));
      this.#recording = this.#sides.watch(this.#file);
    }
    if (peer !== undefined) this.attachFar(peer);
    // A call that comes as soon as there is a line would else be over before it is shown.
    if (bridge?.to === 'stately') this.#toStately = await (await import('../inspector/bridges/stately.ts')).statelyBridge();
    if (address === undefined) return;
    const onUpgrade = bridge?.to === 'xstate' ? await xstateBridge(() => this.#about?.peer) : undefined;
    const server = await serveInspector(this.#sides, { ...address, option: '--inspect', onUpgrade });
    this.#server = server;
    sayAddress(server, this.#log);
    if (onUpgrade !== undefined) {
      const url = `${server.url.replace('http:', 'ws:')}xstate`;
      this.#log.always('info', 'inspector', `for viewers of @xstate/inspect: ${url}`, { url });
    }
    warnOfOthers(server, this.#log);
  }

  #share(): Inspector {
    if (this.#about === undefined) throw new VirtagentError('STOPPED', 'there is nothing to be inspected yet');
    const shared = createInspector({ ...this.#about, ...share });
    this.#ends.push(() => shared.stop());
    return shared;
  }

  #sayUntold({ code, message }: VirtagentError): void {
    if (code === 'STOPPED' || code === 'LINE_LOST' || code === 'CANCELLED') return;
    const why = code === 'METHOD_NOT_FOUND' ? 'the other side has no --inspect-share' : message;
    this.#log.warn('inspector', `--inspect-over-line: ${why}`, { code });
  }
}

function wantedOf(raw: RawInspectOptions): Wanted {
  const { inspect = false, record } = raw;
  const isServed = inspect !== false;
  const needs = (option: string, given: unknown, isThere: boolean, what: string): void => {
    if (given !== undefined && !isThere) throw new VirtagentError('INVALID_OPTION', `${option} takes ${what} beside it`);
  };
  const bridge = bridgeChoice(raw.inspectBridge);
  needs('--inspect-payloads', raw.inspectPayloads, isServed || record !== undefined, '--inspect or --record');
  needs('--inspect-control', raw.inspectControl, isServed, '--inspect');
  needs('--inspect-peer', raw.inspectPeer, isServed || record !== undefined, '--inspect or --record');
  needs('--inspect-over-line', raw.inspectOverLine, isServed || record !== undefined, '--inspect or --record');
  needs('--inspect-bridge xstate', bridge?.to === 'xstate' ? true : undefined, isServed, '--inspect');
  if (raw.inspectPeer !== undefined && raw.inspectOverLine === true)
    throw new VirtagentError('INVALID_OPTION', '--inspect-peer and --inspect-over-line are two ways to the same: give one of them');
  return {
    address: typeof inspect === 'string' ? tcpAddress(inspect, 0, '--inspect') : isServed ? { port: 0 } : undefined,
    payloads: raw.inspectPayloads === true,
    control: raw.inspectControl === true,
    peer: raw.inspectPeer === undefined ? undefined : inspectorAddress('--inspect-peer', raw.inspectPeer),
    overLine: raw.inspectOverLine === true,
    shares: raw.inspectShare === true,
    bridge,
    record,
  };
}
