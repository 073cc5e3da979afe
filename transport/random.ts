import { invalidOption } from './errors.ts';

/** The operating system's generator. */
export function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 0x1_0000_0000;
}

/** A source of numbers, each looked at: throws INVALID_OPTION for one that is not from 0 up to 1. */
export function checkedRandom(random: () => number): () => number {
  return () => {
    const drawn: unknown = random();
    if (!(typeof drawn === 'number' && drawn >= 0 && drawn < 1))
      invalidOption('random()', drawn, 'numbers from 0 up to 1, and not 1 itself');
    return drawn;
  };
}

/** One that has no number to give is told of, and another gives it: in the middle of something nobody could be thrown at. */
export function steadyRandom(random: () => number, otherwise: () => number, tell: (error: unknown) => void): () => number {
  const checked = checkedRandom(random);
  return () => {
    try {
      return checked();
    } catch (error) {
      tell(error);
      return otherwise();
    }
  };
}
