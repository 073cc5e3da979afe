import type { Journal } from '../actors/journal.ts';
import { ownMachines } from '../actors/own-charts.ts';
import type { Manager } from '../actors/manager.ts';
import type { Peer } from '../actors/peer.ts';
import { describeChart } from './charts.ts';
import { paramsSchemaOf } from './params-schema.ts';
import { recordsVersion, type ChartDescription, type GaugesRecord, type HeadRecord, type MethodDescription } from './records.ts';

/** What an inspector looks at. */
export interface Subject {
  readonly manager: Manager;
  readonly peer: Peer | undefined;
  readonly journal: Journal;
}

/** What the inspector's user says of the agent, and allows. */
export interface HeadOptions {
  readonly name: string;
  readonly version: string;
  readonly role: string | undefined;
  readonly payloads: boolean;
  readonly control: boolean;
}

/** Who is looked at, with the charts of all that it runs. */
export function headOf({ peer, journal }: Subject, { name, version, role, payloads, control }: HeadOptions): HeadRecord {
  return {
    type: 'head',
    version: recordsVersion,
    of: 'near',
    at: 0,
    epoch: journal.epoch,
    agent: { name, version, pid: process.pid, role, protocol: peer?.protocol },
    charts: chartsOf(journal, peer),
    payloads,
    control,
    methods: peer?.remoteMethods?.map((method) => ({ name: method, params: undefined })),
    serves: peer === undefined ? undefined : servedBy(peer),
  };
}

function servedBy(peer: Peer): MethodDescription[] {
  return Object.entries(peer._served).map(([name, method]) => ({
    name,
    params: typeof method === 'function' ? undefined : paramsSchemaOf(method),
  }));
}

/** Those of parts that this peer has, or may have once it knows what is spoken. */
function chartsOf(journal: Journal, peer: Peer | undefined): ChartDescription[] {
  const running = new Set(journal.parts.map(({ name }) => name));
  const ofProtocol = peer === undefined || peer.protocol !== undefined ? { 'virtagent-2': 'session', 'qemu-ga': 'qemu-ga' } : undefined;
  const mayRun = (name: string): boolean => {
    if (running.has(name) || !Object.hasOwn(ownMachines, name)) return true;
    return ofProtocol === undefined || (ofProtocol as Record<string, string>)[peer?.protocol ?? ''] === name;
  };
  const charts = journal.charts.filter(({ isJob, name }) => isJob || mayRun(name));
  return charts.map(({ name, isJob, machine, firstEdge }) => {
    const chart = describeChart(machine, { name, isJob, firstEdge });
    const standing = journal.standing.get(name);
    return standing === undefined ? chart : { ...chart, standing: chart.states.map(({ path }) => standing.get(path) ?? 0) };
  });
}

/** What the manager, the link and the session hold now. */
export function gaugesOf({ manager, peer, journal }: Subject): GaugesRecord {
  const { send, execute, server, client, credit } = peer?.slots ?? manager.slots;
  return {
    type: 'gauges',
    of: 'near',
    at: journal.now,
    link: peer?.link,
    jobs: manager.jobs,
    send,
    execute,
    server,
    client,
    credit,
    paused: manager.isPaused,
    counters: peer === undefined ? { violations: manager.violations } : { ...peer.counters },
  };
}
