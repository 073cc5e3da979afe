/** The part of the time and of the lanes that is in sight. Moments are milliseconds of the side that is shown. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
  /** Height of a lane in pixels; below one, several lanes share a pixel. */
  readonly lane: number;
  /** Pixels of lanes above the upper edge. */
  readonly top: number;
}

/** The shortest and the longest time that can be looked at, in milliseconds, and how thin and thick lanes get. */
export const windowLimits = Object.freeze({ shortest: 0.5, longest: 7 * 24 * 3_600_000, thinnest: 0.02, thickest: 26 });

/** Shows more or less time; the moment under the pointer stays there. */
export function zoomTime(window: TimeWindow, factor: number, around: number): TimeWindow {
  const length = clamp((window.to - window.from) * factor, windowLimits.shortest, windowLimits.longest);
  const part = (around - window.from) / (window.to - window.from);
  const from = around - part * length;
  return { ...window, from, to: from + length };
}

/** Makes lanes thicker or thinner; the lane at that height of the canvas stays there. */
export function zoomLanes(window: TimeWindow, factor: number, y: number): TimeWindow {
  const lane = clamp(window.lane * factor, windowLimits.thinnest, windowLimits.thickest);
  return { ...window, lane, top: ((window.top + y) / window.lane) * lane - y };
}

/** Moves by a part of what is in sight, and by pixels of lanes. */
export function pan(window: TimeWindow, part: number, pixels: number): TimeWindow {
  const by = (window.to - window.from) * part;
  return { ...window, from: window.from + by, to: window.to + by, top: window.top + pixels };
}

/** So that a moment is at the right edge. */
export function follow(window: TimeWindow, now: number): TimeWindow {
  return { ...window, from: now - (window.to - window.from), to: now };
}

/** No further up or down than there are lanes. */
export function withinLanes(window: TimeWindow, lanes: number, height: number): TimeWindow {
  return { ...window, top: clamp(window.top, 0, Math.max(0, lanes * window.lane - height)) };
}

/** All of it: from a moment to a moment, and as many lanes as there are. */
export function fitted(from: number, to: number, lanes: number, height: number): TimeWindow {
  const margin = Math.max((to - from) * 0.02, windowLimits.shortest);
  const lane = clamp(height / Math.max(1, lanes), windowLimits.thinnest, 18);
  return { from: from - margin, to: to + margin, lane, top: 0 };
}

/** Round moments between two, at most so many, for the marks of an axis. */
export function marks(from: number, to: number, most: number): { readonly at: number[]; readonly step: number } {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
  const at: number[] = [];
  for (let mark = Math.ceil(from / step) * step; mark <= to; mark += step) at.push(mark);
  return { at, step };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
