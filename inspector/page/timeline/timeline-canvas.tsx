import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobTrack } from '../../model.ts';
import { useSize } from '../parts/use-size.ts';
import { duration } from '../state/format.ts';
import { ageOf } from '../state/job-filter.ts';
import { axisHeight, drawTimeline, jobAt, lanesInSight, type Scene } from './draw.ts';
import { readPalette } from './palette.ts';
import { fitAll, type CanvasProps, type Timeline } from './timeline-state.ts';
import { follow, pan, withinLanes, zoomLanes, zoomTime, type TimeWindow } from './time-window.ts';
import { handleKeys, handlePointer } from './timeline-input.ts';

/** The lanes as a drawing that is made anew each frame in which something has changed. */
export function TimelineCanvas(props: CanvasProps) {
  const { ref: box, width, height } = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const timeline = useRef<Timeline>({
    window: { from: -8_000, to: 0, lane: 14, top: 0 },
    isFollowing: true,
    isAuto: true,
    scene: undefined,
    props,
  }).current;
  timeline.props = props;
  const [hovered, setHovered] = useState<{ readonly job: JobTrack; readonly x: number; readonly y: number } | undefined>(undefined);
  useDrawing(canvas, timeline, width, height);
  useInput(canvas, timeline, setHovered);
  const change = (window: TimeWindow, isFollowing = false): void => {
    timeline.isAuto &&= window.lane === timeline.window.lane;
    timeline.window = window;
    timeline.isFollowing = isFollowing;
  };
  const middle = (): number => (timeline.window.from + timeline.window.to) / 2;
  const hidden = timeline.scene === undefined ? 1 : lanesInSight(timeline.scene).step;
  return (
    <div class="timeline-box" ref={box}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label="Timeline of the jobs. Arrow keys move, plus and minus zoom the time, square brackets the lanes, F fits all, L follows; as a table it can be read."
        style={{ width: `${width}px`, height: `${height}px` }}
      />
      <div class="timeline-tools" role="toolbar" aria-label="Timeline">
        <button type="button" title="Less time (+)" aria-label="Zoom in" onClick={() => change(zoomTime(timeline.window, 0.6, middle()))}>
          +
        </button>
        <button type="button" title="More time (−)" aria-label="Zoom out" onClick={() => change(zoomTime(timeline.window, 1.7, middle()))}>
          −
        </button>
        <button
          type="button"
          title="Thicker lanes (])"
          aria-label="Thicker lanes"
          onClick={() => change(zoomLanes(timeline.window, 1.5, 0))}
        >
          ⇳
        </button>
        <button
          type="button"
          title="Thinner lanes ([)"
          aria-label="Thinner lanes"
          onClick={() => change(zoomLanes(timeline.window, 0.67, 0))}
        >
          ≡
        </button>
        <button type="button" title="All jobs (F)" onClick={() => fitAll(timeline)}>
          Fit
        </button>
        <button type="button" title="Follow what happens now (L)" onClick={() => change(timeline.window, true)}>
          Follow
        </button>
      </div>
      {hidden > 1 ? <p class="timeline-note">of {hidden} lanes that share a pixel, one is drawn</p> : null}
      {hovered === undefined ? null : <Tip {...hovered} props={props} width={width} />}
    </div>
  );
}

function Tip({ job, x, y, props, width }: { job: JobTrack; x: number; y: number; props: CanvasProps; width: number }) {
  const { view, store } = props;
  const end = job.endAt(view.at);
  return (
    <div class="tip" style={{ left: `${Math.min(x + 14, width - 260)}px`, top: `${y + 16}px` }}>
      <b>{job.record.method ?? job.chart.name}</b> <code>{job.record.tag}</code>
      <br />
      {view.standingOf(job).state?.path ?? ''} · {duration(ageOf(job, store.now(job.of)))}
      {end === undefined ? '' : ` · ${end.outcome}`}
    </div>
  );
}

function useDrawing(canvas: { current: HTMLCanvasElement | null }, timeline: Timeline, width: number, height: number): void {
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined || width === 0) return;
    const scale = window.devicePixelRatio;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    let palette = readPalette(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const changed = (): void => void (palette = readPalette(element));
    scheme.addEventListener('change', changed);
    let frame = 0;
    const draw = (): void => {
      frame = requestAnimationFrame(draw);
      timeline.scene = nextScene(timeline, width, height);
      context.setTransform(scale, 0, 0, scale, 0, 0);
      drawTimeline(context, timeline.scene, palette);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      scheme.removeEventListener('change', changed);
    };
  }, [width, height]);
}

function nextScene(timeline: Timeline, width: number, height: number): Scene {
  const { store, view, jobs } = timeline.props;
  const now = store.now(view.of);
  if (timeline.isFollowing && store.isLive)
    timeline.window = { ...follow(timeline.window, now), lane: laneOf(timeline, height), top: Infinity };
  // The moment that is looked at is brought into sight.
  else if (!store.isLive && timeline.scene?.now !== now && (now < timeline.window.from || now > timeline.window.to)) {
    timeline.window = pan(follow(timeline.window, now), 0.5, 0);
  }
  timeline.window = withinLanes(timeline.window, jobs.length, height - axisHeight);
  const origin = view.history.range.from;
  return { jobs, window: timeline.window, width, height, now, isLive: store.isLive, selected: store.selected, origin };
}

/** As thick as they may be for what began in the time in sight: as long as nobody has chosen. */
function laneOf({ window, isAuto, props: { jobs } }: Timeline, height: number): number {
  if (!isAuto) return window.lane;
  let first = jobs.length;
  while (first > 0 && (jobs[first - 1]?.began ?? 0) >= window.from) first--;
  const wanted = Math.min(16, Math.max(2, (height - axisHeight) / Math.max(1, jobs.length - first)));
  // A little at a time, so that nothing jumps.
  return window.lane + (wanted - window.lane) * 0.15;
}

function useInput(
  canvas: { current: HTMLCanvasElement | null },
  timeline: Timeline,
  hover: (over: { job: JobTrack; x: number; y: number } | undefined) => void,
): void {
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const over = (x: number, y: number): void => {
      const job = timeline.scene === undefined ? undefined : jobAt(timeline.scene, x, y);
      hover(job === undefined ? undefined : { job, x, y });
    };
    const stops = [handleKeys(element, timeline), handlePointer(element, timeline, over, () => hover(undefined))];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
}
