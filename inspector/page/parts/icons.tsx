/** Drawings for buttons, which say in words what they do. */
const shapes = {
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  play: 'M4.5 2.8v10.4L13 8z',
  back: 'M3 3h2v10H3zM13 3v10L6 8z',
  forth: 'M11 3h2v10h-2zM3 3v10l7-5z',
} as const;

export function Icon({ of }: { of: keyof typeof shapes }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={shapes[of]} />
    </svg>
  );
}
