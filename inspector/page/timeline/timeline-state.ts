import type { JobTrack, View } from '../../model.ts';
import type { Store } from '../state/store.ts';
import { axisHeight, type Scene } from './draw.ts';
import { fitted, type TimeWindow } from './time-window.ts';

export interface CanvasProps {
  readonly store: Store;
  readonly view: View;
  /** In the order of their lanes. */
  readonly jobs: readonly JobTrack[];
}

/** What the drawing remembers from frame to frame. */
export interface Timeline {
  window: TimeWindow;
  /** Whether the right edge is now, and the last lanes are in sight. */
  isFollowing: boolean;
  /** Whether nobody has chosen how thick lanes are: then what began in the time in sight fits. */
  isAuto: boolean;
  scene: Scene | undefined;
  props: CanvasProps;
}

/** Everything in sight: all jobs that are shown, from the first to now. */
export function fitAll(timeline: Timeline): void {
  const { jobs, store, view } = timeline.props;
  const height = (timeline.scene?.height ?? 400) - axisHeight;
  const now = store.now(view.of);
  timeline.window = fitted(jobs[0]?.began ?? now - 1000, now, jobs.length, height);
  timeline.isFollowing = false;
  timeline.isAuto = false;
}
