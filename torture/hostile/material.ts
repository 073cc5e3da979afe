import { Random } from '../random.ts';

/** What attacks of several protocols are made of. */
export const KiB = 1024;
export const MiB = 1024 * KiB;

/** How many of what is said at least, so that a flood is one. */
export const MANY = 200;

export const block = Buffer.alloc(64 * KiB, 'x');

/** Bytes of any kind, FLAGs among them. */
export const noise = Array.from({ length: 16 }, (_, seed) => new Random(seed).bytes(16 * KiB));

/** JSON that is nested so deep. */
export const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
