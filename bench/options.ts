/** The options of the bench, and its help. */
import { Command, InvalidArgumentError } from 'commander';
import { contenderNames, type ContenderName } from './contenders/index.ts';
import { sectionNames, sections, type SectionName } from './sections.ts';

export interface Options {
  readonly json: boolean;
  readonly only: readonly SectionName[];
  readonly contenders: readonly ContenderName[];
  readonly rounds: number;
  readonly windowMs: number;
  readonly quick: boolean;
  readonly build: boolean;
}

/** What is given where nothing is said, and with --quick. */
const usual = { rounds: 5, windowMs: 450 };
const hasty = { rounds: 2, windowMs: 200 };

const help = `
Sections:
${sectionNames.map((name) => `  ${name.padEnd(10)} ${sections[name].title}`).join('\n')}

Contenders:
  ${contenderNames.join(', ')}

Examples:
  npm run bench                                        everything, in seven minutes
  npm run bench -- --quick                             a first look, in about one
  npm run bench -- --only echo --contenders jsonrpc-lines,birpc
  npm run bench -- --json > figures.json

Each round runs every contender once, in changing order. A target that is missed is shown and fails nothing.
Exit codes: 0 measured; 1 something could not be measured; 2 usage; 130 and 143 interrupted.
What the numbers mean and how they mislead: docs/performance.md`;

/** The options of the command line. Ends the process for help, and for what it does not understand. */
export function readOptions(): Options {
  const command = new Command('npm run bench --')
    .description('Measures virtagent, as it is built, against other packages and against floors.')
    .option('--json', 'print one JSON document at the end, and no tables', false)
    .option('--only <sections>', 'only these sections, separated by commas', listOf(sectionNames), sectionNames)
    .option('--contenders <names>', 'only these contenders, separated by commas', listOf(contenderNames), contenderNames)
    .option('--rounds <count>', `rounds of each section (default: ${usual.rounds})`, whole)
    .option('--window <ms>', `how long each contender is measured in a round (default: ${usual.windowMs})`, whole)
    .option('--quick', `${hasty.rounds} rounds of ${hasty.windowMs} ms and a tenth of the jobs: for a first look`, false)
    .option('--no-build', 'measure dist/ as it is')
    .addHelpText('after', help)
    .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : 2))
    .parse();
  const { window, rounds, ...rest } = command.opts<Omit<Options, 'windowMs' | 'rounds'> & { window?: number; rounds?: number }>();
  const unless = rest.quick ? hasty : usual;
  return { ...rest, rounds: rounds ?? unless.rounds, windowMs: window ?? unless.windowMs };
}

function listOf<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  return (text) => {
    const given = text.split(',').map((name) => name.trim());
    const unknown = given.filter((name) => !(names as readonly string[]).includes(name));
    if (unknown.length > 0) throw new InvalidArgumentError(`Not among ${names.join(', ')}: ${unknown.join(', ')}.`);
    return names.filter((name) => given.includes(name));
  };
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}
