/** One victim, its honest links, and every attack on it. */
import type { Worker } from '../../bench/crew.ts';
import type { Torture } from '../section.ts';
import type { ProberTasks } from '../workers/prober.ts';
import type { VictimKind, VictimTasks } from '../workers/victim.ts';
import { errorTable } from '../../transport/errors.ts';
import { Attacker, connected, pause, type Attack, type Effects } from './attack.ts';
import { FarSide } from './far-side.ts';
import { Resident } from './memory.ts';
import type { RawSide } from './raw-side.ts';
import { TextSide, type TextKind } from './text-attacks.ts';

/** What an attack did. */
export interface Damage {
  readonly attack: string;
  /** Bytes: resident over the peak of honest load, and held after collection over what was held before. */
  readonly resident: number;
  readonly held: number;
  /** Bytes that resident memory has grown by, from right before the attack to the most in it. */
  readonly grown: number;
  /** The slowest call in a hundred of the other links, against the same with an honest neighbour at full load. */
  readonly slower: number;
  readonly ended: string;
  readonly broken: readonly string[];
}

const MB = 1024 ** 2;

export const allowed = Object.freeze({ resident: 64 * MB, grown: 64 * MB, held: 16 * MB, slower: 3 });

/** What an attack may take besides its flood: it waits for what becomes of it. */
const MOST_MS = 6_000;
/** Milliseconds that honest load is measured. */
const HONEST_MS = 1_500;
/** After that the victim has fallen. */
const PATIENCE_MS = 15_000;
/** A figure below that is the machine's scheduler: two processes and this one share two processors. */
const LEAST_P99_MS = 2;
/** Of links of other packages nothing is counted but what they end with. */
const uncounted: readonly VictimKind[] = ['vscode-jsonrpc', 'birpc'];
/** What is measured again where it does not hold: the machine may have done something else. */
export const OTHER_LINKS = 'other links';
const isCode = (code: string): boolean => Object.hasOwn(errorTable, code);

const noEffects: Effects = {
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
  damaged: 0,
  violations: 0,
  unclaimed: 0,
  late: 0,
  sessions: 0,
  handled: 0,
  asked: 0,
  answered: 0,
  failed: 0,
  items: 0,
  said: 0,
  hellos: 0,
  statuses: 0,
  largest: 0,
  requests: 0,
  errors: 0,
};

export class Siege {
  readonly #kind: VictimKind;
  readonly #seed: number;
  readonly #path: string;
  readonly #victim: Worker<VictimTasks>;
  readonly #prober: Worker<ProberTasks>;
  #resident!: Resident;
  #links = 0;
  honest = { peak: 0, held: 0, p99: 0, alone: 0 };

  constructor({ crew, workshop, seed }: Torture, kind: VictimKind) {
    this.#seed = seed;
    this.#kind = kind;
    this.#path = workshop.path('sock');
    this.#victim = crew.worker<VictimTasks>(workshop.script('victim'), 'server', `victim that speaks ${kind}`, ['--expose-gc']);
    this.#prober = crew.worker<ProberTasks>(workshop.script('prober'), 'client', `honest links of ${kind}`);
  }

  /** Opens the honest links, and measures what they do to the victim. `large`: bytes of the largest honest messages. */
  async begin(large: number): Promise<void> {
    this.#resident = new Resident(await this.#victim.ask('listen', { kind: this.#kind, path: this.#path }));
    // v7 has at most five calls of a link under way.
    await this.#prober.ask('open', { kind: this.#kind, path: this.#path, links: this.#kind === 'virtagent-v7' ? 8 : 1 });
    await this.#prober.ask('load', { ms: HONEST_MS, large: 0 });
    this.honest.alone = (await this.#prober.ask('probe', HONEST_MS / 2)).p99;
    await this.compare();
    this.honest.held = await this.#victim.ask('held', undefined);
    this.#resident.forget();
    await this.#prober.ask('load', { ms: HONEST_MS, large });
    this.honest.peak = this.#resident.peak;
    this.honest.held = Math.max(this.honest.held, await this.#victim.ask('held', undefined));
  }

  /** What the other links wait beside an honest one at full load: the machine may be busier than it was. */
  async compare(): Promise<void> {
    const [{ p99 }] = await Promise.all([this.#prober.ask('probe', HONEST_MS), this.#prober.ask('load', { ms: HONEST_MS, large: 0 })]);
    this.honest.p99 = p99;
  }

  async attack(attack: Attack<FarSide> | Attack<TextSide>): Promise<Damage> {
    const broken: string[] = [];
    const before = await this.#victim.ask('held', undefined);
    this.#resident.forget();
    const residentBefore = this.#resident.now;
    const n = await this.#victim.ask('links', undefined);
    const far = await this.#connect(attack);
    const others: FarSide[] = [];
    const attacker = new Attacker({
      ms: attack.ms,
      isCut: async () => (await this.#victim.ask('link', n)).ended !== '',
      another: async () => {
        const other = (await this.#connect({ name: attack.name, manners: { confirms: 1 } })) as FarSide;
        others.push(other);
        return other;
      },
    });
    let isOver = false;
    const probing = this.#probeWhile(() => !isOver);
    const isLate = pause(MOST_MS + (attack.ms ?? 0)).then(() => 'late' as const);
    if ((await Promise.race([(attack as Attack<RawSide>).run(far, attacker), isLate])) === 'late')
      broken.push('it did not come to its end');
    isOver = true;
    const p99 = await probing;
    const { peak } = this.#resident;
    const [resident, grown] = [peak - this.honest.peak, peak - residentBefore];
    const { ended, code, effects } = await this.#victim.ask('link', n);
    for (const side of [far, ...others]) side.line.destroy();
    broken.push(...(await this.#gone(n)));
    const held = (await this.#victim.ask('held', undefined)) - Math.min(before, this.honest.held);
    await this.#victim.ask('forget', undefined);
    const slower = p99 / Math.max(this.honest.p99, LEAST_P99_MS);
    for (const one of await this.#victim.ask('thrown', undefined)) broken.push(`nobody caught: ${one}`);
    if (await this.#victim.ask('isPolluted', undefined)) broken.push('every object has what it said');
    if (resident > allowed.resident) broken.push('resident memory');
    if (grown > (attack.grows?.bytes ?? allowed.grown)) broken.push(`resident memory grew by ${Math.round(grown / MB)} MB`);
    if (held > allowed.held) broken.push('memory held');
    if (slower > allowed.slower) broken.push(OTHER_LINKS);
    if (attack.ends?.startsWith('cut') === true && !isCode(code))
      broken.push(ended === '' ? 'it was not cut off' : `it was cut off without a code: ${ended}`);
    if (attack.ends === 'served' && ended !== '') broken.push(`it was cut off: ${ended}`);
    broken.push(...this.#vain(attack, { ...noEffects, ...effects, said: attacker.said, ...(far as Partial<FarSide>).counts }));
    return { attack: attack.name, resident, grown, held, slower, ended: ended === '' ? 'served' : ended, broken };
  }

  /** What an attack did not do that it is named for. */
  #vain(attack: Attack<FarSide> | Attack<TextSide>, effects: Effects): string[] {
    if (uncounted.includes(this.#kind) || attack.expects(effects)) return [];
    return [`it is not what it is named: ${JSON.stringify(Object.fromEntries(Object.entries(effects).filter(([, value]) => value > 0)))}`];
  }

  end(): void {
    this.#victim.end();
    this.#prober.end();
  }

  async #connect(attack: Pick<Attack, 'name' | 'manners' | 'unmet'>): Promise<RawSide> {
    const isLate = pause(PATIENCE_MS).then(() => {
      throw new Error(`${attack.name}: the attacker was not met within ${PATIENCE_MS / 1000} s (seed ${this.#seed})`);
    });
    isLate.catch(() => {});
    return Promise.race([this.#meet(attack), isLate]);
  }

  async #meet({ manners, unmet }: Pick<Attack, 'manners' | 'unmet'>): Promise<RawSide> {
    const socket = await connected(this.#path);
    if (this.#kind !== 'virtagent-2') return new TextSide(socket, this.#kind as TextKind);
    const far = new FarSide(socket, manners ?? { confirms: 16 }, ++this.#links);
    far.most = 1_000;
    if (unmet !== true) await far.meet();
    return far;
  }

  /** A link that does not read, as its answers are not read, learns only after `stallTimeoutMs` that the other side has left. */
  async #gone(n: number): Promise<string[]> {
    // Nothing is expected of the others.
    const looks = uncounted.includes(this.#kind) ? 40 : 100;
    for (let i = 0; i < looks; i++) {
      await pause(50);
      const { ended, effects } = await this.#victim.ask('link', n);
      const { asked = 0, answered = 0, failed = 0 } = effects;
      if (ended !== '' && asked === answered + failed) return [];
    }
    return ['its link did not end, with its calls'];
  }

  /** The slowest call in a hundred, as long as that holds. */
  async #probeWhile(holds: () => boolean): Promise<number> {
    const all: number[] = [];
    do all.push((await this.#prober.ask('probe', 400, PATIENCE_MS)).p99);
    while (holds());
    // Of several windows the middle one: a window in which the machine did something else is not the attack's.
    return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] as number;
  }
}
