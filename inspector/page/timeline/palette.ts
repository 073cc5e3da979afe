import { phases, type Phase } from '../../model.ts';
import type { Palette } from './draw.ts';

/** The page's colours, as its style sheet has them now: light or dark. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  const named = ([...phases, 'failed'] as const).map((phase) => [phase, of(`--phase-${phase}`)] as const);
  return {
    phase: Object.fromEntries(named) as Record<Phase | 'failed', string>,
    line: of('--line'),
    text: of('--text'),
    quiet: of('--quiet'),
    selected: of('--selected'),
    cursor: of('--accent'),
    font: `11px ${of('--mono')}`,
  };
}
