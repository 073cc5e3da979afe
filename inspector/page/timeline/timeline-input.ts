import { axisHeight, jobAt } from './draw.ts';
import { pan, zoomLanes, zoomTime } from './time-window.ts';
import { fitAll, type Timeline } from './timeline-state.ts';

/** Pixels that the pointer may move while it is pressed, and it is a click still. */
const clickRoom = 4;

/** Moves and zooms by keys; returns what ends that. */
export function handleKeys(element: HTMLElement, timeline: Timeline): () => void {
  const moved = (part: number, pixels: number): void => {
    timeline.window = pan(timeline.window, part, pixels);
    timeline.isFollowing = false;
  };
  const zoomed = (factor: number): void => {
    const { from, to } = timeline.window;
    // What is now stays at its edge while it is followed.
    timeline.window = zoomTime(timeline.window, factor, timeline.isFollowing ? to : (from + to) / 2);
  };
  const thickened = (factor: number): void => {
    timeline.window = zoomLanes(timeline.window, factor, 0);
    timeline.isAuto = false;
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => moved(-0.1, 0),
    ArrowRight: () => moved(0.1, 0),
    ArrowUp: () => moved(0, -60),
    ArrowDown: () => moved(0, 60),
    PageUp: () => moved(0, axisHeight - element.clientHeight),
    PageDown: () => moved(0, element.clientHeight - axisHeight),
    Home: () => moved(0, -Infinity),
    End: () => moved(0, 1e9),
    '+': () => zoomed(0.7),
    '=': () => zoomed(0.7),
    '-': () => zoomed(1.4),
    ']': () => thickened(1.3),
    '[': () => thickened(0.77),
    f: () => fitAll(timeline),
    l: () => void (timeline.isFollowing = true),
    Escape: () => timeline.props.store.set({ selected: undefined }),
  };
  const onKey = (event: KeyboardEvent): void => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  element.addEventListener('keydown', onKey);
  return () => element.removeEventListener('keydown', onKey);
}

/** Drags, scrolls, zooms and clicks; returns what ends that. */
export function handlePointer(
  element: HTMLElement,
  timeline: Timeline,
  over: (x: number, y: number) => void,
  left: () => void,
): () => void {
  let pressed: { readonly x: number; readonly y: number } | undefined = undefined;
  let last = { x: 0, y: 0 };
  let isDrag = false;
  const at = (event: MouseEvent): { x: number; y: number } => {
    const { left: x, top: y } = element.getBoundingClientRect();
    return { x: event.clientX - x, y: event.clientY - y };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    pressed = last = at(event);
    isDrag = false;
    element.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const point = at(event);
    if (pressed === undefined) return over(point.x, point.y);
    isDrag ||= Math.hypot(point.x - pressed.x, point.y - pressed.y) > clickRoom;
    if (!isDrag) return;
    left();
    timeline.window = pan(timeline.window, (last.x - point.x) / element.clientWidth, last.y - point.y);
    timeline.isFollowing = false;
    last = point;
  };
  const up = (event: PointerEvent): void => {
    const point = at(event);
    if (pressed !== undefined && !isDrag && timeline.scene !== undefined) {
      timeline.props.store.set({ selected: jobAt(timeline.scene, point.x, point.y) });
    }
    pressed = undefined;
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { x, y } = at(event);
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const [byX, byY] = [event.deltaX * pixels, event.deltaY * pixels];
    const { from, to } = timeline.window;
    if (event.ctrlKey || event.metaKey) {
      const around = timeline.isFollowing ? to : from + ((to - from) * x) / element.clientWidth;
      timeline.window = zoomTime(timeline.window, Math.exp(byY * 0.0025), around);
    } else if (event.altKey) {
      timeline.window = zoomLanes(timeline.window, Math.exp(-byY * 0.0025), y - axisHeight);
      timeline.isAuto = false;
    } else {
      timeline.window = pan(timeline.window, (event.shiftKey ? byY + byX : byX) / element.clientWidth, event.shiftKey ? 0 : byY);
      timeline.isFollowing = false;
    }
  };
  const handlers = {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: () => void (pressed = undefined),
    pointerleave: left,
  };
  for (const [name, handler] of Object.entries(handlers)) element.addEventListener(name, handler as EventListener);
  element.addEventListener('wheel', wheel, { passive: false });
  return () => {
    for (const [name, handler] of Object.entries(handlers)) element.removeEventListener(name, handler as EventListener);
    element.removeEventListener('wheel', wheel);
  };
}
