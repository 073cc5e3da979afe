import fc from 'fast-check';

const { SEED, RUNS = '1' } = process.env;

/** What this run's inputs come from: `SEED=n` repeats those of a run that failed, whose report names it. */
export const seed = Number(SEED ?? Date.now() % 2 ** 31);

/** `RUNS=50` tries fifty times as many inputs: what fails in one run of hundreds shows here, and not on somebody's machine. */
export const times = Number(RUNS);

/** A property's parameters: how many inputs are tried. fast-check prints the seed of one that failed. */
export function runs<T>(numRuns: number, more: Omit<fc.Parameters<T>, 'numRuns' | 'seed'> = {}): fc.Parameters<T> {
  return { ...more, numRuns: numRuns * times, ...(SEED === undefined ? undefined : { seed }) };
}
