import type {
  ChartDescription,
  EdgeDescription,
  GaugesRecord,
  HeadRecord,
  InspectRecord,
  JobRecord,
  Side,
  StateDescription,
} from '../../inspector/records.ts';

const state = (path: string, type: StateDescription['type'] = 'atomic'): StateDescription => ({
  path,
  parent: path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : undefined,
  type,
  description: undefined,
});
const edge = (from: string | undefined, to: string, event: string, guard?: string): EdgeDescription => ({
  from,
  to,
  event,
  guard,
  actions: [],
});

/** A request of ours, in short. */
const client: Omit<ChartDescription, 'firstEdge'> = {
  name: 'client',
  isJob: true,
  states: [
    state('new'),
    state('busy', 'compound'),
    state('busy.sending'),
    state('busy.callback'),
    state('sent'),
    state('read'),
    state('done', 'final'),
    state('busy.continuing'),
  ],
  edges: [
    edge(undefined, 'new', 'xstate.init'),
    edge('new', 'busy.sending', 'send'),
    edge('busy.sending', 'sent', 'send_done', 'isSent'),
    edge('sent', 'read', 'read_done'),
    edge('read', 'busy.callback', ''),
    edge('busy.callback', 'done', 'callback_done'),
    edge('busy.sending', 'busy.sending', 'read_done'),
    edge('new', 'busy.callback', 'cancel'),
    edge('busy.sending', 'busy.continuing', 'send_done'),
    edge('busy.continuing', 'busy.sending', 'send'),
  ],
};

/** A request of theirs, in short. */
const server: Omit<ChartDescription, 'firstEdge'> = {
  name: 'server',
  isJob: true,
  states: [
    state('new'),
    state('busy', 'compound'),
    state('busy.executing'),
    state('busy.sending'),
    state('busy.callback'),
    state('executed'),
    state('done', 'final'),
  ],
  edges: [
    edge(undefined, 'new', 'xstate.init'),
    edge('new', 'busy.executing', 'execute'),
    edge('busy.executing', 'executed', 'execute_done'),
    edge('executed', 'busy.sending', 'send'),
    edge('busy.sending', 'busy.callback', 'send_done'),
    edge('busy.callback', 'done', 'callback_done'),
  ],
};

/** A part of the agent's own. */
const link: Omit<ChartDescription, 'firstEdge'> = {
  name: 'link',
  isJob: false,
  states: [state('closed'), state('up')],
  edges: [edge(undefined, 'closed', 'xstate.init'), edge('closed', 'up', 'opened'), edge('up', 'closed', 'lost')],
};

/** The charts of a head, with their edges numbered through. */
export const handMadeCharts: readonly ChartDescription[] = [client, server, link].reduce<ChartDescription[]>((charts, chart) => {
  const last = charts.at(-1);
  return [...charts, { ...chart, firstEdge: last === undefined ? 0 : last.firstEdge + last.edges.length }];
}, []);

/** The number of the edge of a chart from one state to another; the first of several. */
export function edgeOf(chart: string, from: string | undefined, to: string): number {
  const found = handMadeCharts.find(({ name }) => name === chart);
  const place = found?.edges.findIndex((one) => one.from === from && one.to === to) ?? -1;
  if (found === undefined || place < 0) throw new Error(`no edge of ${chart} from ${from} to ${to}`);
  return found.firstEdge + place;
}

export function head(of: Side = 'near', more: Partial<HeadRecord> = {}): HeadRecord {
  return {
    type: 'head',
    of,
    at: 0,
    version: 1,
    epoch: 1_700_000_000_000,
    agent: { name: `${of} agent`, version: '0', pid: 1, role: undefined, protocol: undefined },
    charts: handMadeCharts,
    payloads: false,
    control: false,
    methods: undefined,
    serves: undefined,
    ...more,
  };
}

/** An agent with one send slot that has nothing to do. */
export function gauges(of: Side, at: number, more: Partial<GaugesRecord> = {}): GaugesRecord {
  const slots = { slots: 1, taken: 0, waiting: 0 };
  const nothing = { count: 0, bytes: 0 };
  return {
    type: 'gauges',
    of,
    at,
    link: 'up',
    jobs: 0,
    send: slots,
    execute: { ...slots, parked: 0 },
    server: nothing,
    client: nothing,
    credit: undefined,
    paused: false,
    counters: {},
    ...more,
  };
}

export function job(of: Side, at: number, number: number, chart: string, more: Partial<JobRecord> = {}): JobRecord {
  const own = chart === 'server' ? 'server' : 'client';
  return { type: 'job', of, at, job: number, chart, tag: `${number}`, method: 'ping', class: own, urgency: 1, bytes: 10, ...more };
}

/** The steps of one job through the states of its chart, each with its moment; from before its beginning. */
export function walk(of: Side, number: number, chart: string, through: readonly (readonly [at: number, state: string])[]): InspectRecord {
  const at = through[0]?.[0] ?? 0;
  let from: string | undefined = undefined;
  const edges = through.map(([, to]) => {
    const edge = edgeOf(chart, from, to);
    from = to;
    return edge;
  });
  return { type: 'steps', of, at, after: through.map(([moment]) => moment - at), jobs: through.map(() => number), edges };
}

/** One step. */
export function step(of: Side, at: number, number: number, edge: number): InspectRecord {
  return { type: 'steps', of, at, after: [0], jobs: [number], edges: [edge] };
}
