/** All sections, by the names that `--only` takes. */
import { noise } from './noise.ts';
import { cuts } from './cuts.ts';
import { fuzz } from './fuzz.ts';
import { hostile } from './hostile.ts';
import type { Section } from './section.ts';

export const sections = { noise, cuts, hostile, fuzz } satisfies Record<string, Section>;
export type SectionName = keyof typeof sections;
export const sectionNames = Object.keys(sections) as SectionName[];
