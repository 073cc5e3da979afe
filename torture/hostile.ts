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
import { allowed, OTHER_LINKS, Siege, type Damage } from './hostile/siege.ts';
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
      const found: Damage[] = [];
      let siege: Siege | undefined;
      try {
        for (const attack of chosen(front, torture.quick)) {
          siege ??= await begun(torture, front);
          const damage = await attempted(siege, attack).catch((error: unknown) => fallen(attack.name, error));
          found.push(damage);
          // Whoever fell is replaced: the next attack is on one that stands.
          if (Number.isNaN(damage.slower)) {
            siege.end();
            siege = undefined;
          }
          torture.step();
        }
      } catch (error) {
        broken.push(`${front.kind}: ${String(error)}`);
      }
      siege ??= await begun(torture, front);
      siege.end();
      tables.push(table(front, siege, found));
      if (front.isOurs)
        for (const { attack, broken: what } of found) for (const one of what) broken.push(`${front.kind}, ${attack}: ${one}`);
    }
    return { tables, broken };
  },
};

async function begun(torture: Torture, { kind, large }: Front): Promise<Siege> {
  const siege = new Siege(torture, kind);
  await siege.begin(large);
  return siege;
}

/**
 * The machine may do something else for a while: where others wait too long, that is measured again, with what they wait for an honest
 * neighbour. What else did not hold is not forgotten for that.
 */
async function attempted(siege: Siege, attack: Front['attacks'][number]): Promise<Damage> {
  let damage = await siege.attack(attack);
  const broken = new Set(damage.broken);
  for (let again = 0; again < 3 && damage.slower > allowed.slower; again++) {
    broken.delete(OTHER_LINKS);
    await siege.compare();
    const next = await siege.attack(attack);
    for (const one of next.broken) broken.add(one);
    damage = {
      ...next,
      resident: Math.max(damage.resident, next.resident),
      grown: Math.max(damage.grown, next.grown),
      held: Math.max(damage.held, next.held),
    };
  }
  return { ...damage, broken: [...broken] };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function fallen(attack: string, error: unknown): Damage {
  return {
    attack,
    resident: NaN,
    grown: NaN,
    held: NaN,
    slower: NaN,
    ended: messageOf(error),
    broken: [`the process: ${messageOf(error)}`],
  };
}

function table({ kind, attacks }: Front, { honest }: Siege, found: readonly Damage[]): Table {
  const mb = (bytes: number): string => digits(bytes / MB);
  return {
    title: `attacks on ${kind}`,
    columns: [
      { name: 'attack' },
      { name: 'resident over honest peak, MB', show: mb },
      { name: 'grown by, MB', show: mb },
      { name: 'held after, MB', show: mb },
      { name: '× p99 of others', show: times },
      { name: 'how it ended' },
      { name: 'does not hold' },
    ],
    rows: found.map(({ attack, resident, grown, held, slower, ended, broken }) => [
      attack,
      resident,
      grown,
      held,
      slower,
      shown(ended),
      broken.join('; '),
    ]),
    notes: [
      `honest load: ${mb(honest.peak)} MB resident at most, ${mb(honest.held)} MB held; p99 of others ${digits(honest.p99)} ms beside it, ${digits(honest.alone)} ms alone.`,
      `allowed: ${allowed.resident / MB} MB, ${allowed.grown / MB} MB, ${allowed.held / MB} MB, × ${allowed.slower}. More growth: ${more(attacks)}.`,
    ],
  };
}

/** Attacks that memory may grow more by, and why. */
const more = (attacks: Front['attacks']): string =>
  attacks.flatMap(({ name, grows }) => (grows === undefined ? [] : [`${name}, ${grows.bytes / MB} MB, ${grows.why}`])).join('; ') || 'none';

const shown = (text: string): string => (text.length > 90 ? `${text.slice(0, 87)}...` : text).replaceAll(/[^\x20-\x7e]/g, '?');
