import { charts, type Chart } from '../diagrams/charts.ts';
import { mermaidOf } from '../diagrams/mermaid.ts';
import type { Context } from './context.ts';
import { oneOf } from './line-options.ts';

/** What a chart can be printed as. */
const formats = ['mermaid', 'svg'] as const;

/** Prints a chart, or the names of all. Throws INVALID_OPTION for one that there is not. */
export async function runDiagram(name: string | undefined, { format }: { readonly format: string }, { out }: Context): Promise<void> {
  const as = oneOf('--format', format, formats);
  if (name === undefined) return list(out);
  const chart = charts.find((one) => one.name === oneOf('CHART', name, chartNames)) as Chart;
  out.line(as === 'mermaid' ? mermaidOf(chart.machine.root) : await svg(chart));
}

const chartNames = charts.map((one) => one.name);

function list(out: Context['out']): void {
  const widest = Math.max(...chartNames.map((one) => one.length));
  for (const { name, title } of charts) out.line(`${name.padEnd(widest)}  ${title}`);
}

/** What finds a place for everything is large, and nobody else needs it. */
async function svg(chart: Chart): Promise<string> {
  const { svgOf } = await import('../diagrams/svg.ts');
  return svgOf(chart);
}
