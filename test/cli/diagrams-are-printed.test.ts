import { expect, test } from 'vitest';
import { charts } from '../../diagrams/charts.ts';
import { textOf } from '../docs/pages.ts';
import { run } from './support.ts';

test('without a chart it lists them all, and each has a page with the very drawing that it prints', async () => {
  const { code, stdout } = await run(['diagram']);
  expect(code).toBe(0);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] as string);
  expect(names).toEqual(charts.map(({ name }) => name));
  const printed = await Promise.all(names.map(async (name) => [name, (await run(['diagram', name])).stdout] as const));
  for (const [name, text] of printed) expect(textOf(`docs/charts/${name}.md`)).toContain(`\`\`\`mermaid\n${text}\`\`\``);
});

test('as a picture it has every state by its name, nested ones inside their parents', async () => {
  const { code, stdout } = await run(['diagram', 'client-job', '--format', 'svg']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<svg .*<\/svg>\n$/s);
  for (const name of ['new', 'busy', 'sending', 'continuing', 'callback', 'sent', 'read', 'done'])
    expect(stdout).toMatch(new RegExp(`<text class="name[^>]*>${name}</text>`));
  const [outer, inner] = ['busy', 'busy.sending'].map((path) => boxOf(stdout, path));
  expect(inner?.left).toBeGreaterThan(outer?.left ?? Infinity);
  expect(inner?.right).toBeLessThan(outer?.right ?? 0);
});

test('a chart or a format that there is not is a usage error that names those there are', async () => {
  const [chart, format] = await Promise.all([run(['diagram', 'nosuch']), run(['diagram', 'link', '--format', 'png'])]);
  expect(chart).toMatchObject({ code: 2, stdout: '' });
  expect(chart.stderr).toContain('CHART is "nosuch"; it takes one of server-job, client-job');
  expect(format).toMatchObject({ code: 2, stdout: '' });
  expect(format.stderr).toContain('--format is "png"; it takes one of mermaid, svg');
});

function boxOf(svg: string, path: string): { left: number; right: number } {
  const found = new RegExp(`<g><title>${path.replaceAll('.', String.raw`\.`)}[:<].*?x="([\\d.]+)".*?width="([\\d.]+)"`, 's').exec(svg);
  const left = Number(found?.[1]);
  return { left, right: left + Number(found?.[2]) };
}
