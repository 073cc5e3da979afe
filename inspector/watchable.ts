import type { Act, ActResult, InspectRecord } from './records.ts';

/** Somebody who looks on: gets a head, the past that is there, `live`, and then what happens, a batch at a time. */
export interface Viewer {
  readonly take: (records: readonly InspectRecord[]) => void;
  /** False: it is behind; more is left out, and said to be, until it is true again. */
  readonly isReady?: () => boolean;
}

/** What can be looked at: an inspector, a recording, or another agent's inspector over its address. */
export interface Watchable {
  /** The viewer is told until it is stopped, from within this call on. */
  watch(viewer: Viewer): { stop(): void };
  /** Does what a viewer asks for. Never rejects: FORBIDDEN unless control was given. */
  act(act: Act): Promise<ActResult>;
}
