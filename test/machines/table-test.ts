import { expect, test } from 'vitest';
import type { AnyEventObject } from 'xstate';
import { runTable, statesOf, type Table } from './table.ts';

/** The tests that every chart's table has to pass. */
export function testTable<State extends string, Event extends AnyEventObject>(name: string, table: Table<State, Event>): void {
  const pairs = runTable(table);
  const types = Object.keys(table.samples).sort();

  test(`${name}: the table has every state of the chart, and no other`, () => {
    expect([...Object.keys(table.rows), ...table.passing].sort()).toEqual(statesOf(table.chart));
    expect(Object.keys(table.reached).sort()).toEqual(Object.keys(table.rows).sort());
  });

  test(`${name}: the table has every event of the chart, and no other`, () => {
    const heard = table.chart.events.filter((type) => type !== '').toSorted((a, b) => (a < b ? -1 : 1));
    expect(heard).toEqual(types);
  });

  test(`${name}: every state in which it rests lists every event, so that no pair is an accident`, () => {
    // Children that are done or have failed are the root's business, in whatever state.
    const listed = types.filter((type) => !type.startsWith('xstate.'));
    expect([...table.chart.root.transitions.keys()].filter((type) => !type.startsWith('xstate.'))).toEqual([]);
    for (const state of Object.keys(table.rows)) {
      const node = table.chart.getStateNodeById(`${table.chart.id}.${state}`);
      const handled = [...node.transitions.keys()].sort();
      expect([state, handled]).toEqual([state, node.type === 'final' ? [] : listed]);
    }
  });

  test.each(Object.keys(table.rows))(`${name} in %s does with each event what the table says`, (state) => {
    const here = pairs.filter((pair) => pair.state === state);
    const told = (pair: (typeof pairs)[number], what: string | undefined): string =>
      `${pair.event} (${pair.case}) → ${what ?? 'undecided'}`;
    expect(here.map((pair) => told(pair, pair.real))).toEqual(here.map((pair) => told(pair, pair.expected)));
    expect(here.map((pair) => told(pair, pair.pure))).toEqual(here.map((pair) => told(pair, pair.expected)));
  });
}
