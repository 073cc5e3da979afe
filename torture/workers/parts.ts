/** A worker for the parts that need nothing but a processor and a seed. */
import { serve } from '../../bench/workers/serve.ts';
import { converse, type Cut, type Cuttings, type Kind } from '../cuts/conversation.ts';
import { runKills, type KillOptions, type KillReport } from '../cuts/kills.ts';
import { fuzzPart, type FuzzOptions, type FuzzReport } from '../fuzz/part.ts';
import { NoisyPair, type NoiseResult, type Setup } from '../noise/noisy-pair.ts';
import { Random } from '../random.ts';

const tasks = {
  noise: ({ setup, rate, calls, seed }: { setup: Setup; rate: number; calls: number; seed: number }): Promise<NoiseResult> =>
    new NoisyPair(setup, rate, calls, new Random(seed).fork(`${setup.name} ${rate}`)).run(),

  /** One conversation after the other, each cut elsewhere. */
  async cuts({ kind, cuts, seed }: { kind: Kind; cuts: readonly (readonly Cut[])[]; seed: number }): Promise<Cuttings[]> {
    const all: Cuttings[] = [];
    for (const one of cuts) all.push(await converse(kind, one, seed));
    return all;
  },

  fuzz: (options: FuzzOptions): FuzzReport => fuzzPart(options),

  kills: (options: KillOptions): Promise<KillReport> => runKills(options),
};

export type PartTasks = typeof tasks;

serve(tasks);
