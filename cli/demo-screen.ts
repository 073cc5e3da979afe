import progress from 'cli-progress';
import type { Peer } from '../actors/index.ts';
import { jobTable } from './demo-table.ts';
import type { JobLog } from './job-log.ts';
import { liveScreen } from './live-screen.ts';
import type { Output } from './output.ts';
import { oneLine } from './text.ts';

/** What the demo shows while it runs. */
export interface DemoScreen {
  progress(bytes: number, total: number): void;
  /** Shows what there is at the end, and leaves the terminal as it was. */
  end(): void;
}

/** Ten pictures a second look live, and cost little. */
const DRAW_MS = 100;

/** Lines around the table, and the least that is worth a table. */
const OTHER_LINES = 11;
const LEAST_JOBS = 3;

/** What a screen is drawn from. */
export interface DemoView {
  readonly out: Output;
  readonly peer: Peer;
  readonly jobs: JobLog;
  readonly title: string;
}

/** A live picture on a terminal, else a few lines. */
export function demoScreen(view: DemoView): DemoScreen {
  return view.out.isTerminal ? drawnScreen(view) : plainScreen(view);
}

function drawnScreen({ out, peer, jobs, title }: DemoView): DemoScreen {
  const screen = liveScreen(out);
  let bar = '';
  const draw = (last: string): void => {
    const { columns, rows } = screen.size;
    const shown = jobs.jobs.slice(-Math.max(LEAST_JOBS, rows - OTHER_LINES));
    const texts = [title, bar, ...stateLines(peer, jobs)].map((text) => text.slice(0, columns));
    screen.draw([...texts, ...jobTable(shown, columns, out.hasColours).split('\n'), last]);
  };
  const timer = setInterval(() => draw('Ctrl-C ends it.'), DRAW_MS);
  draw('');
  return {
    progress: (bytes, total) => (bar = progressBar(bytes, total)),
    end() {
      clearInterval(timer);
      draw('');
      screen.end();
    },
  };
}

function plainScreen({ out, peer, jobs, title }: DemoView): DemoScreen {
  let quarters = 0;
  out.line(title);
  return {
    progress(bytes, total) {
      const now = Math.floor((bytes * 4) / total);
      if (now > quarters) out.line(`getfile: ${now * 25} %`);
      quarters = now;
    },
    end() {
      for (const line of stateLines(peer, jobs)) out.line(line);
      out.line(jobTable(jobs.jobs, 160, false));
    },
  };
}

function progressBar(bytes: number, total: number): string {
  const bar = progress.Format.BarFormat(bytes / total, { ...progress.Presets.shades_classic, ...barStrings, barsize: 40, barGlue: '' });
  return `getfile ${bar} ${Math.round((bytes * 100) / total)} %  ${Math.round(bytes / 1024)} of ${Math.round(total / 1024)} KiB`;
}

const barStrings = { barCompleteString: '█'.repeat(40), barIncompleteString: '░'.repeat(40) };

function stateLines(peer: Peer, { methods }: JobLog): string[] {
  const { send, execute, client, server } = peer.slots;
  return [
    `host → guest: ${counts(methods.out)}`,
    `guest → host: ${counts(methods.in)}`,
    `slots: send ${send.taken}/${send.slots}, execute ${execute.taken}/${execute.slots}; under way: ${client.count} of ours, ${server.count} of theirs`,
  ];
}

/** Calls by method, for one line. */
export function counts(methods: Readonly<Record<string, number>>): string {
  const all = Object.entries(methods).map(([method, count]) => `${oneLine(method, 30)} ${count}`);
  return all.length === 0 ? 'nothing yet' : all.join(', ');
}
