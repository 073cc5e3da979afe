import { createLogUpdate } from 'log-update';
import type { Output } from './output.ts';

/** What a terminal has room for, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The size of all that once were, for a terminal that does not say, or says 0: serial consoles do. */
const size80: Size = { columns: 80, rows: 24 };

/** A picture on a terminal that is drawn anew in its place. */
export interface LiveScreen {
  /** As it is now: windows are resized. */
  readonly size: Size;
  draw(lines: readonly string[]): void;
  /** Leaves the last picture, and the terminal as it was. */
  end(): void;
}

/** The terminal that an output is. */
export function liveScreen({ stream }: Output): LiveScreen {
  const terminal = {
    isTTY: true,
    write: stream.write.bind(stream),
    get columns() {
      return stream.columns || size80.columns;
    },
    get rows() {
      return stream.rows || size80.rows;
    },
  };
  // It asks the stream for its size, and draws nothing where that is 0.
  const update = createLogUpdate(terminal as unknown as NodeJS.WriteStream);
  let height = 0;
  return {
    get size() {
      return { columns: terminal.columns, rows: terminal.rows };
    },
    draw(lines) {
      // log-update 7 writes only what differs, and loses the last lines of a picture that has grown in its middle.
      if (lines.length !== height) update.clear();
      height = lines.length;
      update(lines.join('\n'));
    },
    end: () => update.done(),
  };
}
