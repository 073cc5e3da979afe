import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The size of an element in pixels of the page, as it changes. */
export function useSize<E extends HTMLElement>(): { readonly ref: { current: E | null }; readonly width: number; readonly height: number } {
  const ref = useRef<E>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
}
