import { expect, test } from 'vitest';
import { Model } from '../../../inspector/model.ts';
import { arrowsOf, type Arrow } from '../../../inspector/page/charts/chart-graph.ts';
import { describeChart } from '../../../inspector/charts.ts';
import { clientJob } from '../../../machines/client-job.ts';
import { head } from '../hand-made.ts';

function arrows(): Arrow[] {
  const model = new Model();
  model.add(head('near', { charts: [describeChart(clientJob, { name: 'client', isJob: true, firstEdge: 0 })] }));
  const chart = model.side('near')?.charts.chart('client');
  return chart === undefined ? [] : arrowsOf(chart);
}

const between = (from: string | undefined, to: string): Arrow | undefined =>
  arrows().find((arrow) => arrow.from?.path === from && arrow.to.path === to);

test('all edges from one state to another are one arrow, with their events', () => {
  expect(between('sent', 'busy.callback')?.edges.map(({ description }) => description.event)).toEqual(['cancel', 'deadline', 'line_lost']);
  expect(between('sent', 'busy.callback')?.lines.map(({ event }) => event)).toEqual(['cancel, deadline', 'line_lost']);
});

test('a guard is written where it decides where an event leads', () => {
  expect(between('busy.sending', 'sent')?.lines).toEqual([{ event: 'send_done', guard: 'isSent' }]);
  expect(between('busy.sending', 'busy.continuing')?.lines).toEqual([{ event: 'send_done', guard: undefined }]);
});

test('where it begins there is an arrow from nowhere', () => {
  expect(between(undefined, 'new')?.lines).toEqual([]);
});

test('what only stays is drawn where it does something: neither what is ignored nor what is reported', () => {
  const staying = arrows().filter(({ from, to }) => from === to);
  expect(staying.map(({ from, lines }) => [from?.path, lines])).toEqual([['busy.sending', [{ event: 'read_done', guard: undefined }]]]);
});

test('no edge that leads somewhere is left out', () => {
  const model = new Model();
  model.add(head('near', { charts: [describeChart(clientJob, { name: 'client', isJob: true, firstEdge: 0 })] }));
  const leading = model
    .side('near')
    ?.charts.chart('client')
    ?.edges.filter(({ from, to }) => from !== to);
  const drawn = new Set(arrows().flatMap(({ edges }) => edges.map(({ number }) => number)));
  expect(leading?.filter(({ number }) => !drawn.has(number))).toEqual([]);
});
