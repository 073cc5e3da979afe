import { constants } from 'node:os';
import { MethodError } from '../actors/index.ts';

/** The system's name for what went wrong. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(constants.errno, code) ? code : undefined;
}

/** The same for a message that has a place for it. */
export function reasonOf(error: unknown): string {
  return errnoOf(error) ?? 'unknown';
}

/** A method's own error by the system's number, negated as v7 wants it. */
export function errnoError(name: keyof typeof constants.errno, text: string): MethodError {
  return new MethodError(`${name}: ${text}`, { code: -constants.errno[name] });
}
