import type { Chart } from './charts.ts';
import { roundedPath, widthOf } from './geometry.ts';
import { layoutOf, sizes, type Layout, type PlacedArrow, type PlacedState } from './layout.ts';

/** Room for the title, in pixels. */
const TITLE_HEIGHT = 34;

/** How round the corners of arrows are, in pixels. */
const CORNER = 7;

/** A chart as an SVG that needs nothing besides: it follows the reader's choice of light or dark. */
export async function svgOf({ name, title, machine }: Chart): Promise<string> {
  const layout = await layoutOf(machine.root);
  const width = Math.max(layout.width, Math.ceil(widthOf(title, 16)) + 40);
  const height = layout.height + TITLE_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title>`,
    `<desc id="d">${escaped(inWords(name, layout))}</desc>`,
    `<style>${style}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path class="head" d="M0 0.5 10 5 0 9.5Z"/></marker></defs>',
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="title" x="20" y="28">${escaped(title)}</text>`,
    `<g transform="translate(0 ${TITLE_HEIGHT})">`,
    ...layout.states.map(drawState),
    ...layout.arrows.map(({ points }) => `<path class="edge" d="${roundedPath(points, CORNER)}" marker-end="url(#arrow)"/>`),
    // A name inside a box may have arrows across it.
    ...layout.states.filter(({ kind }) => kind === 'compound').map(drawOuterName),
    ...layout.arrows.flatMap(drawLabel),
    '</g>',
    '</svg>',
  ].join('\n');
}

const font = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace";

const style = [
  `text{font-family:${font};fill:#1b2733}`,
  `.title{font-size:16px;font-weight:600}`,
  `.name{font-size:${sizes.name}px;font-weight:600;text-anchor:middle;dominant-baseline:central}`,
  `.outer{text-anchor:start;fill:#3d5873;paint-order:stroke;stroke:#f7f9fb;stroke-width:5px}`,
  `.label{font-size:${sizes.label}px}`,
  `.event{fill:#0b5cad}.guard{fill:#8a5200}.action{fill:#5b6672}`,
  `.page{fill:#fff}`,
  `.state{fill:#eef4fb;stroke:#3f6f9f;stroke-width:1.4}`,
  `.group{fill:#f7f9fb;stroke:#9db3c9;stroke-width:1.2}`,
  `.inner{fill:none;stroke:#3f6f9f;stroke-width:1}`,
  `.edge{fill:none;stroke:#6a7f94;stroke-width:1.2}.head{fill:#6a7f94}.begin{fill:#3f6f9f}`,
  '@media (prefers-color-scheme:dark){',
  'text{fill:#e4ebf2}.outer{fill:#a9c1d9;stroke:#161f28}.event{fill:#7fbdf5}.guard{fill:#e0b060}.action{fill:#9aa8b5}',
  '.page{fill:#12181f}.state{fill:#1d2a37;stroke:#6f9dca}.group{fill:#161f28;stroke:#40566b}.inner{stroke:#6f9dca}',
  '.edge{stroke:#7d91a5}.head{fill:#7d91a5}.begin{fill:#6f9dca}',
  '}',
].join('');

function drawState({ kind, name, path, description, x, y, width, height }: PlacedState): string {
  if (kind === 'begin') return `<circle class="begin" cx="${x + width / 2}" cy="${y + height / 2}" r="${width / 2}"/>`;
  const about = `<title>${escaped(description === undefined ? path : `${path}: ${description}`)}</title>`;
  const box = (shape: string, inset: number): string =>
    `<rect class="${shape}" x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${9 - inset}"/>`;
  if (kind === 'compound') return `<g>${about}${box('group', 0)}</g>`;
  const inner = kind === 'final' ? box('inner', 3.5) : '';
  const text = `<text class="name" x="${x + width / 2}" y="${y + height / 2}">${escaped(name)}</text>`;
  return `<g>${about}${box('state', 0)}${inner}${text}</g>`;
}

function drawOuterName({ name, x, y }: PlacedState): string {
  return `<text class="name outer" x="${x + 14}" y="${y + 18}">${escaped(name)}</text>`;
}

function drawLabel({ label, lines }: PlacedArrow): string[] {
  if (label === undefined) return [];
  const texts = lines.map(
    ({ kind, text, y }) => `<text class="label ${kind}" x="${label.x + 3}" y="${label.y + y + sizes.label + 1}">${escaped(text)}</text>`,
  );
  return [`<g>${texts.join('')}</g>`];
}

/** For who does not see it. */
function inWords(name: string, { states, arrows }: Layout): string {
  const named = states.filter(({ kind }) => kind !== 'begin').map(({ path }) => path);
  return `The chart ${name}: ${named.length} states (${named.join(', ')}) and ${arrows.length} arrows.`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
