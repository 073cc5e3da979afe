import { useEffect, useState } from 'preact/hooks';
import type { ChartEntry, View } from '../../model.ts';
import { count, several } from '../state/format.ts';
import type { Store } from '../state/store.ts';
import { ChartView } from './chart-view.tsx';
import { Gauges } from './gauges.tsx';
import { layoutOf } from './layout.ts';

/** Every chart, with how many stand where; the agent's own charts and its gauges beside them. */
export function ChartsTab({ store, view }: { store: Store; view: View }) {
  const { charts } = view.history.charts;
  const parts = charts.filter(({ isJob, name }) => !isJob && view.history.parts.has(name));
  const [shown, setShown] = useState<string | undefined>(undefined);
  const chart = charts.find(({ name }) => name === shown);
  if (chart !== undefined) return <OneChart store={store} view={view} chart={chart} back={() => setShown(undefined)} />;
  return (
    <div class="charts">
      <div class="all-charts">
        <Cards name="Charts of jobs" store={store} view={view} charts={charts.filter(({ isJob }) => isJob)} open={setShown} />
        <Cards name="Charts of the agent itself" store={store} view={view} charts={parts} open={setShown} />
      </div>
      <section class="card own" aria-label="The agent itself">
        <header class="card-head">
          <h2>Slots, queues and the line</h2>
        </header>
        <Parts view={view} charts={parts} />
        <Gauges view={view} />
      </section>
    </div>
  );
}

interface CardsProps {
  readonly name: string;
  readonly store: Store;
  readonly view: View;
  readonly charts: readonly ChartEntry[];
  readonly open: (chart: string) => void;
}

/** Charts beside and below each other, each as wide as it is. */
function Cards({ name, store, view, charts, open }: CardsProps) {
  const widths = useWidths(charts);
  const sorted = inRows([...charts].sort((a, b) => (widths.get(a) ?? 0) - (widths.get(b) ?? 0)));
  return (
    <section class="cards" aria-label={name}>
      {sorted.map((chart) => {
        const width = (widths.get(chart) ?? 400) + 24;
        return (
          <article class="card" key={chart.name} style={{ flex: `${width} 1 ${Math.max(260, Math.round(width * 0.7))}px` }}>
            <Header chart={chart} view={view} open={() => open(chart.name)} />
            <Drawing store={store} view={view} chart={chart} />
          </article>
        );
      })}
    </section>
  );
}

/** Charts of calls first, which have two ends, and a small one beside each of them: so rows are filled, and what matters is above. */
function inRows(charts: readonly ChartEntry[]): ChartEntry[] {
  const isOfCalls = ({ states }: ChartEntry): boolean => states.some(({ phase }) => phase === 'run' || phase === 'peer');
  const [ofCalls, others] = [charts.filter(isOfCalls), charts.filter((chart) => !isOfCalls(chart))];
  const rows = ofCalls.flatMap((chart, place) => [chart, ...others.slice(place, place + 1)]);
  return [...rows, ...others.slice(ofCalls.length)];
}

/** How wide each chart is drawn, once that is known. */
function useWidths(charts: readonly ChartEntry[]): ReadonlyMap<ChartEntry, number> {
  const [widths, setWidths] = useState<ReadonlyMap<ChartEntry, number>>(new Map());
  useEffect(() => {
    let isWanted = true;
    void Promise.all(charts.map(async (chart) => [chart, (await layoutOf(chart)).width] as const)).then((found) => {
      if (isWanted) setWidths(new Map(found));
    });
    return () => void (isWanted = false);
  }, [charts[0], charts.length]);
  return widths;
}

/** In which state each of the agent's own charts is. */
function Parts({ view, charts }: { view: View; charts: readonly ChartEntry[] }) {
  return (
    <dl class="facts parts">
      {charts.map((chart) => {
        const part = view.history.parts.get(chart.name);
        return (
          <>
            <dt>{chart.name}</dt>
            <dd>
              <span class="pill" data-part={chart.name}>
                {(part === undefined ? undefined : view.standingOf(part).state?.path) ?? 'not known'}
              </span>
            </dd>
          </>
        );
      })}
    </dl>
  );
}

function Header({ chart, view, open }: { chart: ChartEntry; view: View; open: () => void }) {
  const part = view.history.parts.get(chart.name);
  const state = part === undefined ? undefined : view.standingOf(part).state;
  return (
    <header class="card-head">
      <h2>
        <button type="button" class="link" onClick={open} title="Larger, with every edge">
          {chart.name}
        </button>
      </h2>
      {chart.isJob ? (
        <span class="quiet" data-live={chart.name}>
          {count(view.liveOf(chart))} live
        </span>
      ) : (
        <span class="pill">{state?.path ?? 'not known'}</span>
      )}
    </header>
  );
}

/** A chart with what all of its jobs do, or where the one that runs it is. */
function Drawing({ store, view, chart }: { store: Store; view: View; chart: ChartEntry }) {
  const part = view.history.parts.get(chart.name);
  const current = part === undefined ? undefined : view.standingOf(part).state;
  return (
    <div class="drawing">
      <ChartView
        chart={chart}
        standing={chart.isJob ? view.standingIn(chart) : []}
        taken={(edge) => view.counts[edge] ?? 0}
        current={current}
        flashes={store.isLive}
      />
    </div>
  );
}

/** One chart at its full size, with all of its edges as a table: those too that are not drawn. */
function OneChart({ store, view, chart, back }: { store: Store; view: View; chart: ChartEntry; back: () => void }) {
  const taken = chart.edges.filter(({ number }) => (view.counts[number] ?? 0) > 0).length;
  return (
    <div class="one-chart">
      <article class="card">
        <header class="card-head">
          <button type="button" onClick={back}>
            ← All charts
          </button>
          <h2>{chart.name}</h2>
          <span class="quiet">{chart.isJob ? `${count(view.liveOf(chart))} live` : ''}</span>
        </header>
        <Drawing store={store} view={view} chart={chart} />
      </article>
      <article class="card edges">
        <header class="card-head">
          <h2>Edges</h2>
          <span class="quiet">
            {count(taken)} of {several(chart.edges.length, 'edge')} taken
          </span>
        </header>
        <div class="scroll">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Event</th>
                <th scope="col">To</th>
                <th scope="col" class="number">
                  Taken
                </th>
              </tr>
            </thead>
            <tbody>
              {chart.edges.map(({ number, from, to, description }) => (
                <tr key={number} class={(view.counts[number] ?? 0) > 0 ? '' : 'faint'}>
                  <td>{from?.path ?? '●'}</td>
                  <td title={description.actions.length === 0 ? undefined : `does ${description.actions.join(', ')}`}>
                    {description.event === '' ? 'at once' : description.event}
                    {description.guard === undefined ? null : <span class="guard"> [{description.guard}]</span>}
                  </td>
                  <td>{from === to ? 'stays' : to.path}</td>
                  <td class="number">{count(view.counts[number] ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </article>
    </div>
  );
}
