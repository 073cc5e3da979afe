/** The options of the torture, and its help. */
import { Command, InvalidArgumentError } from 'commander';
import { sectionNames, sections, type SectionName } from './sections.ts';

export interface Options {
  readonly json: boolean;
  readonly only: readonly SectionName[];
  readonly seed: number;
  readonly quick: boolean;
}

const help = `
Sections:
${sectionNames.map((name) => `  ${name.padEnd(10)} ${sections[name].title}`).join('\n')}

Examples:
  npm run torture                                  everything, in less than ten minutes
  npm run torture -- --quick                       a first look, in about one
  npm run torture -- --only noise,cuts --seed 7
  npm run torture -- --json > report.json

The same seed does the same, but where processes are killed and memory is measured.
Exit codes: 0 all that must hold holds; 1 something does not; 2 usage; 130 and 143 interrupted.
What it does, and how it misleads: docs/torture.md. Half an hour of load is another command: npm run soak.`;

/** The options of the command line. Ends the process for help, and for what it does not understand. */
export function readOptions(): Options {
  return new Command('npm run torture --')
    .description('Breaks lines, peers and messages, and says what held.')
    .option('--json', 'print one JSON document at the end, and no tables', false)
    .option('--only <sections>', 'only these sections, separated by commas', listOf(sectionNames), sectionNames)
    .option('--seed <number>', 'what all that is random is drawn from', whole, 1)
    .option('--quick', 'a small part of everything', false)
    .addHelpText('after', help)
    .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : 2))
    .parse()
    .opts<Options>();
}

function listOf<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  return (text) => {
    const given = text.split(',').map((name) => name.trim());
    const unknown = given.filter((name) => !(names as readonly string[]).includes(name));
    if (unknown.length > 0) throw new InvalidArgumentError(`Not among ${names.join(', ')}: ${unknown.join(', ')}.`);
    return names.filter((name) => given.includes(name));
  };
}

export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0.');
  return Number(text);
}
