import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import type { Output } from '../../cli/output.ts';
import type { Count, LiveLine, SeenCall } from './live-line.ts';

/** Shows calls as they come. */
export interface LiveScreen {
  call(call: SeenCall): void;
  end(): void;
}

const DRAW_MS = 200;

/** A table that is drawn again on a terminal; a line a call elsewhere, as JSON if asked. */
export function liveScreen(out: Output, lines: readonly LiveLine[], isJson: boolean): LiveScreen {
  if (isJson) return { call: (call) => out.line(JSON.stringify({ event: 'call', ...call })), end: () => {} };
  if (!out.isTerminal) return { call: (call) => out.line(`${call.line.padEnd(13)}  ${shown(call)}`), end: () => {} };
  const update = createLogUpdate(out.stream);
  // Some terminals say 0.
  const draw = (): void => update(`${table(lines, out.stream.columns || 80, out.hasColours)}\nCtrl-C ends the machine.`);
  const timer = setInterval(draw, DRAW_MS);
  draw();
  return {
    call: () => {},
    end() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** Where the protocol has room too. */
const WIDE_LEAST = 106;

function table(lines: readonly LiveLine[], width: number, hasColours: boolean): string {
  const isWide = width >= WIDE_LEAST;
  const protocol = (text: string): string[] => (isWide ? [text] : []);
  const rows = new Table({
    head: ['line', ...protocol('protocol'), 'link', 'direction', 'calls', 'failed', 'last'],
    colWidths: [15, ...(isWide ? [15] : []), 12, 14, 7, 8, isWide ? 26 : 17],
    style: { compact: true, head: hasColours ? ['cyan'] : [], border: hasColours ? ['grey'] : [] },
  });
  for (const line of lines) {
    const cells = (direction: string, { calls, failed, last }: Count): string[] => [
      direction,
      String(calls),
      String(failed),
      last === undefined ? '' : isWide ? outcome(last) : (last.failed ?? last.method),
    ];
    rows.push([line.spec.name, ...protocol(line.spec.protocol), line.state, ...cells('host → guest', line.out)]);
    rows.push(['', ...protocol(''), '', ...cells('guest → host', line.in)]);
  }
  return rows.toString();
}

function shown(call: SeenCall): string {
  return `${call.direction}  ${outcome(call)}`;
}

function outcome({ method, ms, failed }: SeenCall): string {
  return [method, ms === undefined ? '' : `${ms.toFixed(1)} ms`, failed ?? ''].filter((part) => part !== '').join('  ');
}
