/**
 * Section cuts: the line cut at every byte of a conversation, in both directions, and opened again; and processes that are killed at
 * random moments, under load.
 *
 * Traps: which byte is cut at which moment of the conversation is the same in every run of a seed; when a process dies is not.
 */
import { count } from '../bench/format.ts';
import type { Cut, Cuttings, Kind } from './cuts/conversation.ts';
import type { KillReport } from './cuts/kills.ts';
import type { Report, Section, Torture } from './section.ts';

const kinds: readonly Kind[] = [
  { name: 'virtagent-2, plain', protocol: 'virtagent-2', reliable: false, seen: 'by both', resumes: true },
  { name: 'virtagent-2, reliable', protocol: 'virtagent-2', reliable: true, seen: 'by both', resumes: true },
  { name: 'virtagent-2, plain, cut unseen', protocol: 'virtagent-2', reliable: false, seen: 'by one', resumes: true },
  { name: 'virtagent-2, reliable, cut unseen', protocol: 'virtagent-2', reliable: true, seen: 'by one', resumes: true },
  { name: 'virtagent-v7', protocol: 'virtagent-v7', seen: 'by both', resumes: false },
  { name: 'jsonrpc-lines', protocol: 'jsonrpc-lines', seen: 'by both', resumes: false },
  { name: 'jsonrpc-headers', protocol: 'jsonrpc-headers', seen: 'by both', resumes: false },
];

const KILLS = 200;
/** Conversations that a worker has at once. */
const SLICE = 250;
/** What is said of one protocol: a mistake may show at every byte. */
const MOST_SAID = 10;
/** With --quick, one byte in so many. */
const QUICK_EVERY = 23;

/** More than there are bytes in a conversation: steps are known before it is. */
const steps = kinds.length + 4;

export const cuts: Section = {
  title: 'the line cut at every byte of a conversation, and processes killed',

  steps: () => steps,

  async run(torture: Torture): Promise<Report> {
    const wholes = await torture.pool.all(
      'cuts',
      kinds.map((kind) => ({ kind, cuts: [[]], seed: torture.seed })),
      () => {},
    );
    const broken: string[] = [];
    const rows: (string | number)[][] = [];
    for (const [at, kind] of kinds.entries()) {
      const [whole] = wholes[at] as [Cuttings];
      const all = await cutEverywhere(torture, kind, whole);
      const outcomes = all.flatMap((one) => one.outcomes);
      const found = [whole, ...all].flatMap((one) => one.broken);
      const said = [
        ...whole.broken.map((one) => `${kind.name}, not cut, seed ${torture.seed}: ${one}`),
        ...all.flatMap(({ cut, broken: what }) =>
          what.map((one) => `${kind.name}, cut at byte ${cut.at} to the ${cut.direction}, seed ${torture.seed}: ${one}`),
        ),
      ];
      broken.push(...said.slice(0, MOST_SAID));
      if (said.length > MOST_SAID) broken.push(`${kind.name}: ${said.length - MOST_SAID} more`);
      const share = (is: (outcome: string) => boolean): number => outcomes.filter(is).length;
      rows.push([
        kind.name,
        all.length,
        outcomes.length,
        share((one) => one === 'answered'),
        share((one) => one.startsWith('LINE_LOST')),
        share((one) => one !== 'answered' && !one.startsWith('LINE_LOST')),
        found.length,
      ]);
      torture.step();
    }
    const killed = await kill(torture);
    for (const one of killed) broken.push(...one.broken.map((what) => `${nameOf(one)}: ${what}`));
    return { tables: [cutTable(rows), killTable(killed)], broken };
  },
};

async function cutEverywhere({ pool, seed, quick }: Torture, kind: Kind, { carried }: Cuttings): Promise<(Cuttings & { cut: Cut })[]> {
  const places: Cut[][] = [];
  for (const direction of ['right', 'left'] as const)
    for (let at = 0; at < carried[direction]; at += quick ? QUICK_EVERY : 1) places.push([{ direction, at }]);
  const slices = Array.from({ length: Math.ceil(places.length / SLICE) }, (_, at) => ({
    kind,
    cuts: places.slice(at * SLICE, (at + 1) * SLICE),
    seed,
  }));
  const all = (await pool.all('cuts', slices, () => {})).flat();
  return all.map((one, at) => ({ ...one, cut: (places[at] as Cut[])[0] as Cut }));
}

async function kill({ pool, workshop, seed, quick, step }: Torture): Promise<KillReport[]> {
  const kills = (quick ? KILLS / 10 : KILLS) / 4;
  const parts = (['who connects', 'who listens'] as const)
    .flatMap((dies) => [false, true].map((reliable) => ({ dies, reliable })))
    .map((part, at) => ({
      ...part,
      kills,
      seed: seed + at,
      script: workshop.script('killed'),
      socket: workshop.path('sock'),
      log: workshop.path('log'),
    }));
  return pool.all('kills', parts, step);
}

const nameOf = ({ reliable, dies }: KillReport): string => `virtagent-2, ${reliable ? 'reliable' : 'plain'}, ${dies}`;

function cutTable(rows: Report['tables'][number]['rows']): Report['tables'][number] {
  const numbers = ['cuts', 'calls', 'answered', 'line lost', 'otherwise', 'rules broken'];
  return {
    title: 'the line cut at every byte, and opened again',
    columns: [{ name: 'protocol' }, ...numbers.map((name) => ({ name, show: count }))],
    rows,
    notes: [
      'rules: each call has one outcome, and the right one; none is executed twice; one that is said not to have been sent was not; the next calls',
      'are answered; with virtagent-2 every call is. cut unseen: the far end of a serial cable, which is not told.',
    ],
  };
}

function killTable(reports: readonly KillReport[]): Report['tables'][number] {
  const numbers = [
    'kills',
    'calls',
    'answered',
    'perhaps executed',
    'of those executed',
    'not sent',
    'executed by the dead',
    'rules broken',
  ];
  return {
    title: 'processes killed under load, both ways, on a unix socket',
    columns: [{ name: 'protocol, and who dies' }, ...numbers.map((name) => ({ name, show: count }))],
    rows: reports.map((report) => {
      const { kills, calls, answered, perhaps, perhapsExecuted, notSent, executed, broken } = report;
      return [nameOf(report), kills, calls, answered, perhaps, perhapsExecuted, notSent, executed, broken.length];
    }),
    notes: [
      'rules: each call has an outcome, which is an answer or LINE_LOST; none is executed twice; one that is said not to have been sent was not; there',
      'is an answer for each process that was killed; a process is met, and the last calls end, within half a minute.',
    ],
  };
}
