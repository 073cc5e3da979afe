import { createMachine } from 'xstate';
import { expect, test } from 'vitest';
import { chartOf } from '../../actors/chart-tables.ts';
import { describeChart } from '../../inspector/charts.ts';
import type { ChartDescription, EdgeDescription } from '../../inspector/records.ts';
import * as machines from '../../machines/index.ts';

const describe = (machine: Parameters<typeof describeChart>[0]): ChartDescription =>
  describeChart(machine, { name: 'x', isJob: true, firstEdge: 0 });
const from = ({ edges }: ChartDescription, state: string, event: string): Partial<EdgeDescription>[] =>
  edges.filter((edge) => edge.from === state && edge.event === event).map(({ to, guard }) => ({ to, guard }));

const { clientJob, serverJob, noticeJob, managerMachine, linkMachine, peerMachine, sessionMachine, qemuGaMachine, detectMachine } =
  machines;
const jobs = { clientJob, serverJob, noticeJob };
const others = { managerMachine, linkMachine, sessionMachine, qemuGaMachine, detectMachine };

test('states have their paths, the states that they are in, and their descriptions', () => {
  const { states } = describe(clientJob);
  expect(states.map(({ path, parent, type }) => [path, parent, type])).toEqual([
    ['new', undefined, 'atomic'],
    ['busy', undefined, 'compound'],
    ['busy.sending', 'busy', 'atomic'],
    ['busy.continuing', 'busy', 'atomic'],
    ['busy.callback', 'busy', 'atomic'],
    ['sent', undefined, 'atomic'],
    ['read', undefined, 'atomic'],
    ['done', undefined, 'final'],
  ]);
  expect(states.find(({ path }) => path === 'sent')?.description).toBe('Its request is on the line; its response is awaited.');
});

test('the first edge is how the chart begins, with the actions that it begins with', () => {
  expect(describe(clientJob).edges[0]).toEqual({ from: undefined, to: 'new', event: 'xstate.init', guard: undefined, actions: ['want'] });
  expect(describe(serverJob).edges[0]?.to).toBe('new');
});

test('candidates stand in their order, each with its guard', () => {
  expect(from(describe(clientJob), 'busy.sending', 'send_done')).toEqual([
    { to: 'sent', guard: 'isSent' },
    { to: 'busy.callback', guard: 'failed' },
    { to: 'busy.continuing', guard: undefined },
  ]);
  expect(from(describe(clientJob), 'sent', '')).toEqual([{ to: 'read', guard: 'hasResponse' }]);
});

test('an edge has the actions of what it leaves, its own, and those of what it enters', () => {
  const machine = createMachine({
    initial: 'a',
    states: {
      a: { exit: 'leaveA', on: { go: { target: 'b.two', actions: 'cross' } } },
      b: { entry: 'enterB', initial: 'one', states: { one: {}, two: { entry: 'enterTwo' } } },
    },
  });
  expect(describe(machine).edges.find(({ event }) => event === 'go')?.actions).toEqual(['leaveA', 'cross', 'enterB', 'enterTwo']);
});

test('what a state inherits is an edge of its own, behind its own candidates and up to one without guard', () => {
  const machine = createMachine({
    initial: 'in',
    on: { stop: '.out', go: '.out' },
    states: {
      in: {
        initial: 'a',
        on: { go: [{ guard: 'g', target: 'out' }, { target: '#a' }] },
        states: { a: { id: 'a' }, b: { on: { go: { guard: 'h', target: 'a' } } } },
      },
      out: { type: 'final' },
    },
  });
  const chart = describe(machine);
  expect(from(chart, 'in.b', 'go')).toEqual([
    { to: 'in.a', guard: 'h' },
    { to: 'out', guard: 'g' },
    { to: 'in.a', guard: undefined },
  ]);
  expect(from(chart, 'in.a', 'stop')).toEqual([{ to: 'out', guard: undefined }]);
  expect(chart.edges.filter((edge) => edge.from === 'out')).toEqual([]);
});

test('the agent itself is described too: what it is told of its children is inherited by each state', () => {
  const chart = describe(peerMachine);
  expect(from(chart, 'stopping', 'xstate.done.actor.transport')).toEqual([{ to: 'ended', guard: undefined }]);
});

test('a chart with parallel states is described, though no tables can hold it', () => {
  const machine = createMachine({
    initial: 'both',
    states: {
      both: {
        type: 'parallel',
        states: { x: { initial: 'p', states: { p: { on: { go: 'q' } }, q: {} } }, y: { initial: 'r', states: { r: {} } } },
      },
    },
  });
  const chart = describe(machine);
  expect(from(chart, 'both.x.p', 'go')).toEqual([{ to: 'both.x.q', guard: undefined }]);
  expect(chart.edges[0]?.to).toBe('both.x.p');
});

test.each(Object.entries({ ...jobs, ...others }))(
  '%s: the tables on which it runs number its edges as the description does',
  (_, machine) => {
    const { edges } = describe(machine);
    const seen = new Set([0]);
    for (const [node, { on, always }] of chartOf(machine).leaves) {
      const steps = [
        ...[...on].flatMap(([event, list]) => list.map((step) => [event, step] as const)),
        ...always.map((step) => ['', step] as const),
      ];
      for (const [event, { edge, target, guard, actions }] of steps) {
        seen.add(edge);
        expect(edges[edge]).toEqual({
          from: node.path.join('.'),
          to: target.nodes.at(-1)?.path.join('.'),
          event,
          guard: guard?.name,
          actions: actions.map(({ type }) => type),
        });
      }
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(edges.map((_, number) => number));
  },
);
