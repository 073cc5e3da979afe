import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { roundedPath, type Box } from '../../../diagrams/geometry.ts';
import type { ChartEntry, StateEntry } from '../../model.ts';
import { count, several, shortCount } from '../state/format.ts';
import type { Arrow } from './chart-graph.ts';
import { layoutOf, nameOf, sizes, type Layout } from './layout.ts';

/** How round the corners of arrows are, in pixels. */
const CORNER = 6;

interface ChartViewProps {
  readonly chart: ChartEntry;
  /** How many stand in each state, by its place; of one job's own chart how often it was there. */
  readonly standing: readonly number[];
  /** How often an edge was taken, by its number. */
  readonly taken: (edge: number) => number;
  /** The state in which the one job stands; undefined: the chart shows many. */
  readonly current?: StateEntry | undefined;
  /** Whether it shows one job: what it has not come to is drawn faintly. */
  readonly isOfOne?: boolean;
  /** Whether arrows flash when they are taken. */
  readonly flashes?: boolean;
  /** No smaller than this part of its own size, so that it can be read: who has less room scrolls. */
  readonly leastScale?: number;
}

/** A chart as a drawing, with numbers in it. */
export function ChartView(props: ChartViewProps) {
  const layout = useLayout(props.chart);
  const svg = useRef<SVGSVGElement>(null);
  useFlashes(svg, layout, props);
  const arrowId = useId();
  if (layout === undefined) return <p class="quiet padded">Finding a place for every state…</p>;
  return (
    <svg
      ref={svg}
      class={props.isOfOne === true ? 'chart of-one' : 'chart'}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      style={{ width: `${layout.width}px`, minWidth: `${layout.width * (props.leastScale ?? 0)}px` }}
      role="img"
      aria-label={inWords(props)}
    >
      <defs>
        <marker
          id={arrowId}
          viewBox="0 0 10 10"
          refX="9"
          refY="5"
          markerWidth="7"
          markerHeight="7"
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path class="head" d="M0 0.8 10 5 0 9.2Z" />
        </marker>
      </defs>
      {layout.states.map(({ state, box }) => (
        <StateShape key={state.index} state={state} box={box} props={props} />
      ))}
      {layout.begin === undefined ? null : <circle class="begin" cx={layout.begin.x + 5} cy={layout.begin.y + 5} r={5} />}
      {layout.arrows.map(({ arrow, points }) => (
        <path
          key={arrow.id}
          class={takenOver(arrow, props) > 0 ? 'arrow taken' : 'arrow'}
          data-arrow={arrow.id}
          d={roundedPath(points, CORNER)}
          marker-end={`url(#${arrowId})`}
        />
      ))}
      {layout.states.map(({ state, box }) =>
        isCompound(state) ? <OuterName key={state.index} state={state} box={box} props={props} /> : null,
      )}
      {layout.arrows.map(({ arrow, label }) =>
        label === undefined ? null : <Label key={arrow.id} arrow={arrow} label={label} taken={takenOver(arrow, props)} />,
      )}
    </svg>
  );
}

const isCompound = ({ description }: StateEntry): boolean => description.type === 'compound';

function takenOver({ edges }: Arrow, { taken }: ChartViewProps): number {
  return edges.reduce((sum, { number }) => sum + taken(number), 0);
}

function StateShape({ state, box, props }: { state: StateEntry; box: Box; props: ChartViewProps }) {
  const number = props.standing[state.index] ?? 0;
  const classes = ['state', isCompound(state) ? 'outer' : `phase-${state.phase}`];
  if (number > 0) classes.push('occupied');
  if (props.current === state || (isCompound(state) && props.current?.within.includes(state.index) === true)) classes.push('current');
  if (state.isEnd) classes.push('end');
  const { x, y, width, height } = box;
  return (
    <g class={classes.join(' ')} data-state={state.path}>
      <title>{state.description.description === undefined ? state.path : `${state.path}: ${state.description.description}`}</title>
      <rect x={x} y={y} width={width} height={height} rx={8} />
      {state.isEnd ? <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={5.5} /> : null}
      {isCompound(state) ? null : (
        <>
          <text class="name" x={x + 11} y={y + height / 2} style={{ fontSize: `${sizes.name}px` }}>
            {nameOf(state)}
          </text>
          <text class="badge" x={x + width - 10} y={y + height / 2} data-count={state.path}>
            {number === 0 ? '' : shortCount(number)}
          </text>
        </>
      )}
    </g>
  );
}

function OuterName({ state, box, props }: { state: StateEntry; box: Box; props: ChartViewProps }) {
  const number = props.standing[state.index] ?? 0;
  return (
    <text class="name outer" x={box.x + 12} y={box.y + 17} style={{ fontSize: `${sizes.name}px` }}>
      {nameOf(state)}
      <tspan class="badge" dx={8} data-count={state.path}>
        {number === 0 || props.isOfOne === true ? '' : shortCount(number)}
      </tspan>
    </text>
  );
}

function Label({ arrow, label, taken }: { arrow: Arrow; label: Box; taken: number }) {
  return (
    <g class={taken > 0 ? 'label taken' : 'label'}>
      {arrow.lines.map(({ event, guard }, line) => (
        <text key={line} x={label.x + 3} y={label.y + (line + 0.8) * sizes.line}>
          {event}
          {guard === undefined ? null : <tspan class="guard">{event === '' ? `[${guard}]` : ` [${guard}]`}</tspan>}
        </text>
      ))}
      {taken === 0 ? null : (
        <text class="times" x={label.x + 3} y={label.y + (arrow.lines.length + 0.8) * sizes.line}>
          {shortCount(taken)}×
        </text>
      )}
    </g>
  );
}

function useLayout(chart: ChartEntry): Layout | undefined {
  const [known, setKnown] = useState<{ chart: ChartEntry; layout: Layout } | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    void layoutOf(chart).then((layout) => {
      if (isWanted) setKnown({ chart, layout });
    });
    return () => void (isWanted = false);
  }, [chart]);
  return known?.chart === chart ? known.layout : undefined;
}

/** Arrows that were taken since the last drawing light up, and fade. */
function useFlashes(svg: { current: SVGSVGElement | null }, layout: Layout | undefined, props: ChartViewProps): void {
  const before = useRef<{ readonly layout: Layout; readonly taken: Map<string, number> } | undefined>(undefined);
  useEffect(() => {
    if (layout === undefined) return;
    const taken = new Map(layout.arrows.map(({ arrow }) => [arrow.id, takenOver(arrow, props)]));
    const last = before.current?.layout === layout ? before.current.taken : undefined;
    before.current = { layout, taken };
    if (last === undefined || props.flashes !== true) return;
    for (const [id, times] of taken) {
      if (times > (last.get(id) ?? 0)) flash(svg.current?.querySelector(`[data-arrow="${id}"]`));
    }
  });
}

function flash(arrow: Element | null | undefined): void {
  arrow?.animate([{ stroke: 'var(--flash)', strokeWidth: 2.6 }, {}], { duration: 900, easing: 'ease-out' });
}

/** For who does not see it. */
function inWords({ chart, standing, current, isOfOne }: ChartViewProps): string {
  if (isOfOne === true) return `The chart ${chart.name} of this job. ${current === undefined ? '' : `It is in ${current.path}.`}`;
  const where = chart.states.filter(({ description, index }) => description.type !== 'compound' && (standing[index] ?? 0) > 0);
  const said = where.map(({ path, index, isEnd }) => `${count(standing[index] ?? 0)} ${isEnd ? 'have come to' : 'in'} ${path}`);
  return `The chart ${chart.name}: ${several(chart.states.length, 'state')}. ${said.join(', ')}`;
}
