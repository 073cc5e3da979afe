import { phases, type JobTrack, type Phase } from '../../model.ts';
import { duration } from '../state/format.ts';
import { marks, type TimeWindow } from './time-window.ts';

/** Pixels of the axis above the lanes. */
export const axisHeight = 24;

/** Colours of the page as the canvas needs them. */
export interface Palette {
  readonly phase: Readonly<Record<Phase | 'failed', string>>;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly selected: string;
  readonly cursor: string;
  readonly font: string;
}

/** What is drawn: the jobs in the order of their lanes, as they were at a moment. */
export interface Scene {
  readonly jobs: readonly JobTrack[];
  readonly window: TimeWindow;
  readonly width: number;
  readonly height: number;
  /** The moment that is shown, or now. */
  readonly now: number;
  readonly isLive: boolean;
  readonly selected: JobTrack | undefined;
  /** The moment from which the axis counts. */
  readonly origin: number;
}

/** Rectangles by colour: changing the colour for each would be the most of the work. */
type Rectangles = Record<Phase | 'failed', number[]>;

/** Draws the lanes that are in sight; what is out of sight costs nothing. */
export function drawTimeline(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { width, height, window, now } = scene;
  context.clearRect(0, 0, width, height);
  drawMarks(context, scene, palette);
  context.save();
  context.beginPath();
  context.rect(0, axisHeight, width, height - axisHeight);
  context.clip();
  drawSelected(context, scene, palette);
  const rectangles = rectanglesOf(scene);
  for (const name of [...phases, 'failed'] as const) {
    const list = rectangles[name];
    context.fillStyle = palette.phase[name];
    for (let place = 0; place < list.length; place += 4) {
      context.fillRect(list[place] as number, list[place + 1] as number, list[place + 2] as number, list[place + 3] as number);
    }
  }
  if (window.lane >= 12) drawNames(context, scene, palette);
  context.restore();
  const x = ((now - window.from) / (window.to - window.from)) * width;
  if (x < 0 || x > width || scene.isLive) return;
  context.fillStyle = palette.cursor;
  context.fillRect(Math.round(x) - 0.5, 0, 1.5, height);
}

/** Which lanes are in sight: of those that share a pixel one is drawn. */
export function lanesInSight({ jobs, window, height }: Scene): { readonly first: number; readonly last: number; readonly step: number } {
  const first = Math.max(0, Math.floor(window.top / window.lane));
  const last = Math.min(jobs.length - 1, Math.floor((window.top + height - axisHeight) / window.lane));
  return { first, last, step: Math.max(1, Math.ceil(1 / window.lane)) };
}

function rectanglesOf(scene: Scene): Rectangles {
  const rectangles: Rectangles = { queue: [], run: [], line: [], peer: [], end: [], other: [], failed: [] };
  const { first, last, step } = lanesInSight(scene);
  for (let lane = first - (first % step); lane <= last; lane += step) {
    const job = scene.jobs[lane];
    if (job !== undefined) addJob(rectangles, job, laneY(scene, lane), scene);
  }
  return rectangles;
}

const laneY = ({ window }: Scene, lane: number): number => axisHeight + lane * window.lane - window.top;

function addJob(rectangles: Rectangles, job: JobTrack, y: number, { window, width, now }: Scene): void {
  const scale = width / (window.to - window.from);
  const over = Math.min(job.doneAt ?? now, now);
  if (over < window.from || job.began > window.to) return;
  const gap = window.lane >= 6 ? 1 : 0;
  const [top, high] = [y + gap, Math.max(1, window.lane - 2 * gap)];
  const { path, times } = job;
  const until = job.stepsUntil(now);
  let hasSome = false;
  for (let step = 0; step < until; step++) {
    const from = Math.max(times[step] as number, window.from);
    const to = Math.min(step + 1 < until ? (times[step + 1] as number) : over, window.to);
    const wide = (to - from) * scale;
    // Thinner than that is not seen.
    if (wide < 0.25) continue;
    hasSome = true;
    rectangles[path[step]?.to.phase ?? 'other'].push((from - window.from) * scale, top, wide, high);
  }
  const end = job.endAt(now);
  if (end !== undefined && end.outcome !== 'value') rectangles.failed.push((over - window.from) * scale - 1, top, 3, high);
  // Shorter than a pixel as a whole: a dot says that it was there.
  else if (!hasSome) rectangles[mainPhase(job)].push((job.began - window.from) * scale, top, 1.2, high);
}

function mainPhase(job: JobTrack): Phase {
  return job.record.class === 'server' ? 'run' : 'peer';
}

function drawSelected(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const lane = scene.selected === undefined ? -1 : scene.jobs.indexOf(scene.selected);
  if (lane < 0) return;
  context.fillStyle = palette.selected;
  context.fillRect(0, laneY(scene, lane) - 1, scene.width, Math.max(4, scene.window.lane + 2));
}

/** Names go right of a job, or left where there is no room, or into it. */
function drawNames(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { first, last } = lanesInSight(scene);
  const { window, width, now } = scene;
  const scale = width / (window.to - window.from);
  context.font = palette.font;
  context.textBaseline = 'middle';
  context.fillStyle = palette.text;
  for (let lane = first; lane <= last; lane++) {
    const job = scene.jobs[lane];
    if (job === undefined || job.began > Math.min(now, window.to)) continue;
    const name = `${job.record.method ?? job.chart.name} ${job.record.tag}`.slice(0, 60);
    const right = (Math.min(job.doneAt ?? now, now) - window.from) * scale;
    const left = (job.began - window.from) * scale;
    if (right < 0) continue;
    const isRight = right + name.length * 6.5 + 8 < width;
    context.textAlign = isRight || left < name.length * 6.5 ? 'left' : 'right';
    const x = isRight ? right + 6 : left < name.length * 6.5 ? Math.max(left, 0) + 6 : left - 6;
    context.fillText(name, x, laneY(scene, lane) + window.lane / 2 + 0.5);
  }
}

function drawMarks(context: CanvasRenderingContext2D, { window, width, height, origin }: Scene, palette: Palette): void {
  const { at, step } = marks(window.from - origin, window.to - origin, width / 110);
  context.font = palette.font;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const mark of at) {
    const x = Math.round(((mark + origin - window.from) / (window.to - window.from)) * width);
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, height);
    context.fillStyle = palette.quiet;
    context.fillText(markName(mark, step), x + 5, axisHeight / 2);
  }
  context.fillStyle = palette.line;
  context.fillRect(0, axisHeight - 1, width, 1);
}

/** As exact as the marks are apart. */
function markName(at: number, step: number): string {
  if (Math.abs(at) < step / 2) return '0';
  if (step < 1) return `${at.toFixed(1)} ms`;
  if (step < 1000 && Math.abs(at) < 10_000) return `${Math.round(at)} ms`;
  if (step < 1000) return `${(at / 1000).toFixed(step < 10 ? 3 : step < 100 ? 2 : 1)} s`;
  return Math.abs(at) < 60_000 ? `${Math.round(at / 1000)} s` : duration(at);
}

/** The job at a point of the canvas. */
export function jobAt(scene: Scene, x: number, y: number): JobTrack | undefined {
  if (y < axisHeight || x < 0) return undefined;
  return scene.jobs[Math.floor((y - axisHeight + scene.window.top) / scene.window.lane)];
}
