import type { PeerCounters } from '../actors/index.ts';
import type { FetchedFile } from './demo-file.ts';
import { counts } from './demo-screen.ts';
import type { JobLog } from './job-log.ts';
import type { Output } from './output.ts';
import { jsonLine, oneLine } from './text.ts';

/** What the main job came to. */
export interface Summary {
  readonly capabilities: unknown;
  /** The kernel's log, or why there is none. */
  readonly kernelLog: unknown;
  readonly fetched: FetchedFile & { readonly times: number };
  readonly tookMs: number;
  readonly counters: PeerCounters;
}

/** Prints the numbers of the main job. */
export function printSummary(summary: Summary, jobs: JobLog, out: Output, json: boolean): void {
  const shown = numbers(summary, jobs);
  if (json) return out.line(jsonLine(shown));
  const { file, kernelLog, together, states, line } = shown;
  const rows = {
    'host → guest': counts(shown.hostCalls),
    'guest → host': counts(shown.guestCalls),
    'at once': `up to ${together.client} calls of the host beside ${together.server} of the guest`,
    file: `${file.path}: ${file.bytes} bytes in ${file.pieces} pieces${file.times === 1 ? '' : `, ${file.times} times`}; sha256 ${file.sha256.slice(0, 16)}… is ${file.isEqual ? 'equal' : 'DIFFERENT'}`,
    'kernel log': typeof kernelLog === 'string' ? kernelLog : `${kernelLog.bytes} bytes`,
    line: `${line.bytesIn} bytes in, ${line.bytesOut} bytes out, ${line.messagesIn + line.messagesOut} messages`,
    states: Object.entries(states)
      .map(([kind, names]) => `${kind}: ${names.join(' ')}`)
      .join('; '),
    took: `${shown.tookMs} ms`,
  };
  for (const [name, text] of Object.entries(rows)) out.line(`${name.padEnd(13)} ${oneLine(text)}`);
}

function numbers({ capabilities, kernelLog, fetched, tookMs, counters }: Summary, jobs: JobLog) {
  const text = (kernelLog as { text?: unknown }).text;
  return {
    hostCalls: jobs.methods.out,
    guestCalls: jobs.methods.in,
    together: jobs.together,
    capabilities: (capabilities as { methods?: unknown }).methods,
    file: fetched,
    kernelLog: typeof kernelLog === 'string' ? kernelLog : { bytes: Buffer.byteLength(String(text)) },
    line: counters,
    states: Object.fromEntries(Object.entries(jobs.states).map(([kind, names]) => [kind, [...names]])),
    tookMs: Math.round(tookMs),
  };
}
