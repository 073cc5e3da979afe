import { expect, test } from 'vitest';
import { spawnSync } from 'node:child_process';
import { jobTable } from '../../cli/demo-table.ts';
import type { SeenJob } from '../../cli/job-log.ts';
import { bin, plainEnv } from './support.ts';

const states = ['new', 'busy.executing', 'executed', 'busy.sending', 'sent', 'busy.callback', 'done'];

function job(more: Partial<SeenJob>): SeenJob {
  return { seq: 1, kind: 'server', tag: 'abcdefgh.1', method: 'ping', states, begunAt: 0, tookMs: 1.25, ...more };
}

test.each([60, 80, 119, 120, 150, 300])('the table fits a terminal of %i columns', (width) => {
  const jobs = [job({}), job({ kind: 'client', method: 'x'.repeat(100), tag: '\u001b'.repeat(20), tookMs: undefined })];
  const lines = jobTable(jobs, width, false).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
  expect(lines.join('')).not.toContain('\u001b');
});

test('the states that a job went through are whole where there is room, else short, else their end', () => {
  const at = (width: number): string => jobTable([job({})], width, false);
  expect(at(150)).toContain('new → busy.executing → executed → busy.sending → sent → busy.callback → done');
  expect(at(80)).toContain('new→executing→executed→sending→sent→callback→done');
  expect(at(60)).toContain('→sent→callback→done');
  expect(at(60)).toContain('…');
});

const hasScript = spawnSync('sh', ['-c', 'command -v script']).status === 0;

/** `virtagent demo --once` on a terminal of that size. */
function demoOn(columns: number, rows: number) {
  const command = `stty cols ${columns} rows ${rows}; "${process.execPath}" "${bin}" demo --once`;
  return spawnSync('sh', ['-c', 'script -qec "$0" /dev/null', command], {
    encoding: 'utf8',
    env: { ...plainEnv, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test.runIf(hasScript)('on a terminal there are a bar and a live table, and the cursor is back at the end', () => {
  const { status, stdout } = demoOn(150, 50);
  expect(status).toBe(0);
  for (const part of ['████', '100 %', 'new → busy.sending → sent → read → busy.callback → done', 'is equal'])
    expect(stdout).toContain(part);
  expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
});

test.runIf(hasScript).each([
  [0, 0, ['████', '100 %', 'new → sending → sent → read → callback → done']],
  [1, 1, ['is equal']],
])('on a terminal that says %i by %i it ends as ever', (columns, rows, parts) => {
  const { status, stdout } = demoOn(columns, rows);
  expect(status).toBe(0);
  for (const part of parts) expect(stdout).toContain(part);
});
