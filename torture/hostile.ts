/**
 * Section hostile: a process that serves honest links and one that does what no peer should. Resident memory, what stays after collection,
 * what the honest links wait, and how it ends.
 *
 * Traps: resident memory is Linux's peak and never shrinks by itself, so each attack is held against the same process; the waiting is
 * measured beside an attacker that uses a processor of its own, on a machine that may have two.
 */
import { digits, times } from '../bench/format.ts';
import type { Table } from '../bench/section.ts';
import { messageAttacks } from './hostile/message-attacks.ts';
import { sessionAttacks } from './hostile/session-attacks.ts';
import { allowed, Siege, type Damage } from './hostile/siege.ts';
import { textAttacks } from './hostile/text-attacks.ts';
import type { Report, Section, Torture } from './section.ts';
import type { VictimKind } from './workers/victim.ts';

interface Front {
  readonly kind: VictimKind;
  readonly attacks: readonly Parameters<Siege['attack']>[0][];
  /** Ours must hold; of the others the table says what they do. */
  readonly isOurs: boolean;
  /** Bytes of the largest honest messages: what the protocol allows, with room for what is around them. */
  readonly large: number;
}

const MB = 1024 ** 2;

const fronts: readonly Front[] = [
  { kind: 'virtagent-2', attacks: [...sessionAttacks, ...messageAttacks], isOurs: true, large: 15 * MB },
  { kind: 'jsonrpc-lines', attacks: textAttacks, isOurs: true, large: 15 * MB },
  { kind: 'jsonrpc-headers', attacks: textAttacks, isOurs: true, large: 15 * MB },
  { kind: 'virtagent-v7', attacks: textAttacks, isOurs: true, large: 1.9 * MB },
  { kind: 'vscode-jsonrpc', attacks: textAttacks, isOurs: false, large: 15 * MB },
  { kind: 'birpc', attacks: textAttacks, isOurs: false, large: 15 * MB },
];

/** With --quick, one attack in so many. */
const QUICK_EVERY = 6;

const chosen = ({ attacks }: Front, quick: boolean): Front['attacks'] => attacks.filter((_, at) => !quick || at % QUICK_EVERY === 0);

export const hostile: Section = {
  title: 'attacks on a process that serves others, ours and those of other packages',

  steps: ({ quick }) => fronts.reduce((sum, front) => sum + chosen(front, quick).length, 0),

  async run(torture: Torture): Promise<Report> {
    const tables: Table[] = [];
    const broken: string[] = [];
    for (const front of fronts) {
      const siege = new Siege(torture, front.kind);
      const found: Damage[] = [];
      try {
        await siege.begin(front.large);
        for (const attack of chosen(front, torture.quick)) {
          found.push(await twice(siege, attack).catch((error: unknown) => fallen(attack.name, error)));
          torture.step();
        }
      } catch (error) {
        broken.push(`${front.kind}: ${String(error)}`);
      } finally {
        siege.end();
      }
      tables.push(table(front, siege, found));
      if (front.isOurs)
        for (const { attack, broken: what } of found) for (const one of what) broken.push(`${front.kind}, ${attack}: ${one}`);
    }
    return { tables, broken };
  },
};

/** A moment in which the machine did something else does not come twice: what others wait is measured again where it is too long. */
async function twice(siege: Siege, attack: Front['attacks'][number]): Promise<Damage> {
  const first = await siege.attack(attack);
  return first.slower > allowed.slower ? siege.attack(attack) : first;
}

function fallen(attack: string, error: unknown): Damage {
  return {
    attack,
    resident: NaN,
    held: NaN,
    slower: NaN,
    ended: error instanceof Error ? error.message : String(error),
    broken: ['the process'],
  };
}

function table({ kind }: Front, { honest }: Siege, found: readonly Damage[]): Table {
  const mb = (bytes: number): string => digits(bytes / MB);
  return {
    title: `attacks on ${kind}`,
    columns: [
      { name: 'attack' },
      { name: 'resident over honest peak, MB', show: mb },
      { name: 'held after, MB', show: mb },
      { name: '× p99 of others', show: times },
      { name: 'how it ended' },
      { name: 'does not hold' },
    ],
    rows: found.map(({ attack, resident, held, slower, ended, broken }) => [
      attack,
      resident,
      held,
      slower,
      shown(ended),
      broken.join('; '),
    ]),
    notes: [
      `honest load: ${mb(honest.peak)} MB resident at most, ${mb(honest.held)} MB held; p99 of others ${digits(honest.p99)} ms beside it, ${digits(honest.alone)} ms alone.`,
      `allowed: ${allowed.resident / MB} MB, ${allowed.held / MB} MB, × ${allowed.slower}.`,
    ],
  };
}

const shown = (text: string): string => (text.length > 90 ? `${text.slice(0, 87)}...` : text).replaceAll(/[^\x20-\x7e]/g, '?');
