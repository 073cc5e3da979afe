import { recordFrom } from './record-check.ts';
import { recordsVersion, type InspectRecord } from './records.ts';

/** What could not be read of a recording. */
export interface RecordingProblem {
  /** Of the file, from 1. */
  readonly line: number;
  /** In words, for a person. */
  readonly problem: string;
}

/** A recording, as far as it can be read. */
export interface Recording {
  readonly records: readonly InspectRecord[];
  /** In the order of their lines; the first {@link recordingLimits}.problems of them. */
  readonly problems: readonly RecordingProblem[];
  /** How many lines could not be read in all. */
  readonly unread: number;
}

/** What is taken of a recording at most, as it may come from anybody. */
export const recordingLimits = Object.freeze({
  /** Characters of a line. Ours have at most as many as all charts and the edges of 20,000 steps take. */
  line: 8 * 1024 * 1024,
  /** Problems that are told one by one. */
  problems: 20,
});

/** A record as a line of a recording, its end included. */
export function recordingLine(record: InspectRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/**
 * Reads a recording: a text, or pieces of one wherever it is cut. What can be read is kept, what can't is said: a last line that was cut off,
 * lines that are no records, those of a side whose head is of another version or missing. Never throws.
 */
export function readRecording(text: string | Iterable<string>): Recording {
  const reader = new RecordingReader();
  for (const piece of typeof text === 'string' ? [text] : text) reader.push(piece);
  return reader.end();
}

/** Reads a recording piece by piece. */
export class RecordingReader {
  readonly #records: InspectRecord[] = [];
  readonly #problems: RecordingProblem[] = [];
  #unread = 0;
  #line = 1;
  #pending: string[] = [];
  #pendingLength = 0;
  /** Sides whose records can be read. */
  readonly #known = new Set<string>();
  /** Sides that were said to be unreadable, so that it is said once. */
  readonly #refused = new Set<string>();

  push(piece: string): void {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      this.#keep(piece.slice(from, end));
      this.#endLine(true);
      from = end + 1;
    }
    this.#keep(piece.slice(from));
  }

  /** There is no more of it. */
  end(): Recording {
    if (this.#pendingLength > 0) this.#endLine(false);
    return { records: this.#records, problems: this.#problems, unread: this.#unread };
  }

  #keep(part: string): void {
    this.#pendingLength += part.length;
    // Of a line that is too long nothing is kept.
    if (this.#pendingLength <= recordingLimits.line) this.#pending.push(part);
    else this.#pending = [];
  }

  #endLine(isWhole: boolean): void {
    const isTooLong = this.#pendingLength > recordingLimits.line;
    const text = this.#pending.join('').trim();
    this.#pending = [];
    this.#pendingLength = 0;
    if (isTooLong) this.#refuse(`it has more than ${recordingLimits.line} characters`);
    else if (text !== '') this.#read(text, isWhole);
    this.#line++;
  }

  #read(text: string, isWhole: boolean): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#refuse(isWhole ? 'it is not JSON' : 'the recording was cut off in it');
    }
    const record = recordFrom(value);
    if (record === undefined) return this.#refuse('it is no record that this version knows');
    if (record.type === 'head') return this.#readHead(record);
    if (this.#known.has(record.of)) this.#records.push(record);
    else if (this.#refused.has(record.of)) this.#unread++;
    else {
      this.#refused.add(record.of);
      this.#refuse(`the ${record.of} side has no head before it`);
    }
  }

  #readHead(record: Extract<InspectRecord, { type: 'head' }>): void {
    this.#refused.delete(record.of);
    this.#known.delete(record.of);
    if (record.version === recordsVersion) {
      this.#known.add(record.of);
      this.#records.push(record);
      return;
    }
    this.#refused.add(record.of);
    this.#refuse(`what the ${record.of} side tells from here on is of version ${record.version}; this is version ${recordsVersion}`);
  }

  #refuse(problem: string): void {
    this.#unread++;
    if (this.#problems.length < recordingLimits.problems) this.#problems.push({ line: this.#line, problem });
  }
}
