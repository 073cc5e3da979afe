import type { Output } from './output.ts';
import type { Stopping } from './stopping.ts';

/** What a command has of its process. */
export interface Context {
  readonly out: Output;
  readonly err: Output;
  readonly stopping: Stopping;
}
