import progress from 'cli-progress';
import type { Output } from './output.ts';
import { oneLine } from './text.ts';
import { units } from './amounts.ts';

/** What shows how far a copy is. */
export interface CopyProgress {
  moved(bytes: number, size: number | undefined): void;
  end(): void;
}

/** Ten pictures a second look live, and cost little. */
const FRAMES_A_SECOND = 10;

/** A bar on a terminal; elsewhere nothing, for nobody looks. */
export function copyProgress(err: Output, name: string, isShown: boolean): CopyProgress {
  if (!isShown || !err.isTerminal) return { moved() {}, end() {} };
  const begun = performance.now();
  const bar = new progress.SingleBar({
    stream: err.stream,
    fps: FRAMES_A_SECOND,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // Signals are the command's.
    gracefulExit: false,
    format: '{name} {bar} {percentage} %  {moved}  {rate}',
  });
  const shown = (bytes: number) => ({
    name: oneLine(name, 40),
    moved: units(bytes),
    rate: `${units((bytes * 1000) / Math.max(1, performance.now() - begun))}/s`,
  });
  let total = 0;
  bar.start(1, 0, shown(0));
  return {
    moved(bytes, size) {
      if (size !== undefined && size !== total) bar.setTotal((total = size));
      // Without a size the bar stays empty, and the number moves.
      bar.update(size === undefined ? 0 : bytes, shown(bytes));
    },
    end: () => bar.stop(),
  };
}
