/** One victim, its honest links, and every attack on it. */
import type { Worker } from '../../bench/crew.ts';
import type { Torture } from '../section.ts';
import type { ProberTasks } from '../workers/prober.ts';
import type { VictimKind, VictimTasks } from '../workers/victim.ts';
import { Attacker, connected, pause, type Attack } from './attack.ts';
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
  /** The slowest call in a hundred of the other links, against the same with an honest neighbour at full load. */
  readonly slower: number;
  readonly ended: string;
  readonly broken: readonly string[];
}

export const allowed = Object.freeze({ resident: 64 * 1024 ** 2, held: 16 * 1024 ** 2, slower: 3 });

/** The most that an attack may take: some wait for what never comes. */
const MOST_MS = 4_000;
/** Milliseconds that honest load is measured. */
const HONEST_MS = 1_500;
/** After that the victim has fallen. */
const PATIENCE_MS = 15_000;
/** A figure below that is the machine's scheduler: two processes and this one share two processors. */
const LEAST_P99_MS = 2;

export class Siege {
  readonly #kind: VictimKind;
  readonly #path: string;
  readonly #victim: Worker<VictimTasks>;
  readonly #prober: Worker<ProberTasks>;
  #resident!: Resident;
  honest = { peak: 0, held: 0, p99: 0, alone: 0 };

  constructor({ crew, workshop }: Torture, kind: VictimKind) {
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
    const n = await this.#victim.ask('links', undefined);
    const far = await this.#connect(attack);
    let isOver = false;
    const probing = this.#probeWhile(() => !isOver);
    await Promise.race([this.#run(attack, far), pause(MOST_MS)]);
    isOver = true;
    const p99 = await probing;
    const resident = this.#resident.peak - this.honest.peak;
    const { ended } = await this.#victim.ask('link', n);
    far.line.destroy();
    await this.#gone(n);
    const held = (await this.#victim.ask('held', undefined)) - Math.min(before, this.honest.held);
    const slower = p99 / Math.max(this.honest.p99, LEAST_P99_MS);
    for (const one of await this.#victim.ask('thrown', undefined)) broken.push(`nobody caught: ${one}`);
    if (await this.#victim.ask('isPolluted', undefined)) broken.push('every object has what it said');
    if (resident > allowed.resident) broken.push('resident memory');
    if (held > allowed.held) broken.push('memory held');
    if (slower > allowed.slower) broken.push('other links');
    if (attack.ends === 'cut' && ended === '') broken.push('it was not cut off');
    return { attack: attack.name, resident, held, slower, ended: ended === '' ? 'served' : ended, broken };
  }

  end(): void {
    this.#victim.end();
    this.#prober.end();
  }

  async #connect(attack: Attack<FarSide> | Attack<TextSide>): Promise<RawSide> {
    const socket = await connected(this.#path);
    if (this.#kind !== 'virtagent-2') return new TextSide(socket, this.#kind as TextKind);
    const far = new FarSide(socket, attack.manners ?? { confirms: 16 });
    far.most = 1_000;
    if (attack.unmet !== true) await far.meet();
    return far;
  }

  /** A link that does not read, as its answers are not read, learns only after `stallTimeoutMs` that the other side has left. */
  async #gone(n: number): Promise<void> {
    for (let i = 0; i < 40; i++) {
      await pause(50);
      if ((await this.#victim.ask('link', n)).ended !== '') return;
    }
  }

  #run(attack: Attack<FarSide> | Attack<TextSide>, far: RawSide): Promise<unknown> {
    return (attack as Attack<RawSide>).run(far, new Attacker());
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
