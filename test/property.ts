import fc from 'fast-check';

const { SEED = '1', RUNS = '1' } = process.env;

/**
 * What this run's inputs come from. They are the same in each run, for what decides whether a change lands has to say the same of the same
 * code; `SEED=any`, which `npm run test:properties` has, tries others. `SEED=n` repeats those of a run that failed, whose report names it.
 */
export const seed = SEED === 'any' ? Date.now() % 2 ** 31 : Number(SEED);

/** `RUNS=50` tries fifty times as many inputs: what fails in one run of hundreds shows here, and not on somebody's machine. */
export const times = Number(RUNS);

/** A property's parameters: how many inputs are tried. fast-check prints the seed of one that failed. */
export function runs<T>(numRuns: number, more: Omit<fc.Parameters<T>, 'numRuns' | 'seed'> = {}): fc.Parameters<T> {
  return { ...more, numRuns: numRuns * times, seed };
}
