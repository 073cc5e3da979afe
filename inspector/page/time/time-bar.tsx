import { useEffect, useRef } from 'preact/hooks';
import type { SideHistory } from '../../model.ts';
import { Icon } from '../parts/icons.tsx';
import { useSize } from '../parts/use-size.ts';
import { duration, timeOfDay } from '../state/format.ts';
import type { Store } from '../state/store.ts';

/** Through what is held: stop, step, and any moment of it. */
export function TimeBar({ store }: { store: Store }) {
  const near = store.model.side('near');
  if (near === undefined) return null;
  const { from, to } = near.range;
  const at = store.cursor === 'live' ? to : Math.min(Math.max(store.cursor, from), to);
  const behind = to - at;
  const moment = timeOfDay(near.head.epoch, at);
  return (
    <footer class="time-bar" aria-label="Time">
      <div class="time-buttons" role="group" aria-label="Step through time">
        <button type="button" title="Step back (,)" aria-label="Step back" onClick={() => store.stepBy(-1)}>
          <Icon of="back" />
        </button>
        <button
          type="button"
          class="play"
          title={store.isLive ? 'Pause (space)' : 'Back to now (space)'}
          aria-label={store.isLive ? 'Pause' : 'Back to now'}
          onClick={() => store.setPaused(store.isLive)}
        >
          <Icon of={store.isLive ? 'pause' : 'play'} />
        </button>
        <button type="button" title="Step forth (.)" aria-label="Step forth" disabled={store.isLive} onClick={() => store.stepBy(1)}>
          <Icon of="forth" />
        </button>
      </div>
      <div class="scrub">
        <Density near={near} />
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={store.isLive ? 'now' : `${moment}, ${duration(behind)} ago`}
          min={from}
          max={Math.max(to, from + 1)}
          step="any"
          value={at}
          onInput={(event) => store.set({ cursor: Number(event.currentTarget.value) })}
        />
      </div>
      <p class="moment">
        <time>{moment}</time>
        <span class={store.isLive ? 'quiet' : 'paused'}>
          {store.isLive ? (store.isHappening ? 'now' : 'the last') : `−${duration(behind)}`}
        </span>
        <span class="quiet">{duration(to - from)} held</span>
      </p>
    </footer>
  );
}

/** How much happened when, behind the slider. */
function Density({ near }: { near: SideHistory }) {
  const { ref, width, height } = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef({ at: -Infinity, of: near, width: 0 });
  useEffect(() => {
    const now = performance.now();
    // It goes through all that is held: once a second is enough.
    const isSame = drawn.current.of === near && drawn.current.width === width;
    if (width === 0 || canvas.current === null || (isSame && now - drawn.current.at < 1000)) return;
    drawn.current = { at: now, of: near, width };
    draw(canvas.current, near, width, height);
  });
  return (
    <div class="density" ref={ref} aria-hidden="true">
      <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, near: SideHistory, width: number, height: number): void {
  const scale = window.devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (context === null) return;
  const bars = new Float64Array(Math.max(1, Math.floor(width / 3)));
  const { from, to } = near.range;
  near.density(from, Math.max(to, from + 1) + 1e-6, bars);
  const most = Math.max(1, ...bars);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = getComputedStyle(canvas).getPropertyValue('--density');
  bars.forEach((bar, place) => {
    if (bar === 0) return;
    // The root: a burst should not hide that there was anything besides.
    const high = Math.max(1.5, Math.sqrt(bar / most) * height);
    context.fillRect(place * 3, height - high, 2, high);
  });
}
