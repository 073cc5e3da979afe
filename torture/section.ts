/** What the sections of the torture have in common. */
import type { Table } from '../bench/section.ts';
import type { Crew } from '../bench/crew.ts';
import type { Pool } from './pool.ts';
import type { Workshop } from './workshop.ts';

/** What a section works with. */
export interface Torture {
  readonly workshop: Workshop;
  readonly crew: Crew;
  /** Workers for what needs nothing but a processor. */
  readonly pool: Pool;
  readonly seed: number;
  /** Less of everything, for who changes the code and wants a first look. */
  readonly quick: boolean;
  /** One more of the section's steps is done. */
  readonly step: () => void;
}

/** What a section found. */
export interface Report {
  readonly tables: readonly Table[];
  /** What does not hold and must: nothing, if all is well. */
  readonly broken: readonly string[];
}

export interface Section {
  readonly title: string;
  /** How often it calls `step`. */
  readonly steps: (torture: Torture) => number;
  readonly run: (torture: Torture) => Promise<Report>;
}
