import pc from 'picocolors';
import { Flood } from './flood.ts';
import type { Output } from './output.ts';
import { jsonLine, oneLine, unescaped } from './text.ts';

/** How logs are written. */
export interface LogOptions {
  /** A JSON object a line. */
  readonly json: boolean;
  /** Nothing but errors. */
  readonly quiet: boolean;
}

/** What a line of the log is about; stable, for programs that read the JSON. */
export type LogEvent =
  | 'listening'
  | 'connecting'
  | 'connected'
  | 'ready'
  | 'left'
  | 'retrying'
  | 'channel'
  | 'damage'
  | 'violations'
  | 'handler-failed'
  | 'call-failed'
  | 'shutdown'
  | 'input'
  | 'copy'
  | 'help'
  | 'inspector'
  | 'recording'
  | 'stopping'
  | 'stopped';

type Fields = Readonly<Record<string, unknown>>;

/** Lines on standard error, each of one line whatever a peer put into it, and few a second whatever a peer does. */
export class Log {
  readonly #err: Output;
  readonly #options: LogOptions;
  readonly #flood: Flood;
  readonly #colours: ReturnType<typeof pc.createColors>;

  constructor(err: Output, options: LogOptions) {
    this.#err = err;
    this.#options = options;
    this.#colours = pc.createColors(err.hasColours);
    this.#flood = new Flood((event, count) => this.#write('info', event, `${event}: ${count} more like the last`, { count }));
  }

  info(event: LogEvent, text: string, fields?: Fields): void {
    this.#line('info', event, text, fields);
  }

  warn(event: LogEvent, text: string, fields?: Fields): void {
    this.#line('warn', event, text, fields);
  }

  /** What somebody asked for and can't do without: also where logs are not wanted. */
  always(level: 'info' | 'warn', event: LogEvent, text: string, fields: Fields = {}): void {
    this.#write(level, event, text, fields);
  }

  /** Says how many lines were left out. Nothing is logged after it. */
  end(): void {
    this.#flood.end();
  }

  #line(level: 'info' | 'warn', event: LogEvent, text: string, fields: Fields = {}): void {
    if (!this.#options.quiet && this.#flood.take(event)) this.#write(level, event, text, fields);
  }

  #write(level: 'info' | 'warn', event: string, text: string, fields: Fields): void {
    const message = oneLine(text);
    if (this.#options.json)
      return this.#err.line(jsonLine({ time: new Date().toISOString(), level, event, message: unescaped(message), ...fields }));
    const { dim, yellow } = this.#colours;
    this.#err.line(`${dim('virtagent:')} ${level === 'warn' ? yellow(message) : message}`);
  }
}
