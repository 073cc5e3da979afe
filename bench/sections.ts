/** All sections, by the names that `--only` takes. */
import { bothWays } from './both-ways.ts';
import { echo } from './echo.ts';
import { inspect } from './inspect.ts';
import { lines } from './lines.ts';
import { manager } from './manager.ts';
import { memory } from './memory.ts';
import type { Section } from './section.ts';
import { start } from './start.ts';
import { urgent } from './urgent.ts';

export const sections = { echo, 'both-ways': bothWays, manager, memory, urgent, start, lines, inspect } satisfies Record<string, Section>;
export type SectionName = keyof typeof sections;
export const sectionNames = Object.keys(sections) as SectionName[];
