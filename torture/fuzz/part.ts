/** Some inputs for one of those that take a peer's bytes. */
import { check } from '../../test/codecs/fuzz-contract.ts';
import { inputs, type Decoder } from '../../test/codecs/fuzz-inputs.ts';
import { fuzzSession } from './session.ts';

export interface FuzzOptions {
  readonly of: Decoder | 'virtagent-2 session';
  readonly seed: number;
  readonly count: number;
}

export interface FuzzReport {
  /** Bytes of heap and buffers that the part has left behind, the collector's debts included. */
  readonly left: number;
  /** What broke the contract: the first of them, with what it takes to repeat it. */
  readonly broken: string | undefined;
}

export function fuzzPart({ of, seed, count }: FuzzOptions): FuzzReport {
  const before = used();
  const broken = of === 'virtagent-2 session' ? session(seed, count) : decoder(of, seed, count);
  return { left: used() - before, broken };
}

function session(seed: number, count: number): string | undefined {
  try {
    fuzzSession(seed, count);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function decoder(of: Decoder, seed: number, count: number): string | undefined {
  let at = 0;
  for (const input of inputs(seed, count, [of])) {
    try {
      check(input);
    } catch (error) {
      const bytes = 'stream' in input ? input.stream : input.payload;
      return `input ${at} of seed ${seed}, ${JSON.stringify(bytes.toString('latin1'))}: ${String(error)}`;
    }
    at++;
  }
  return undefined;
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
