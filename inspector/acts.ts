import { quote } from '../transport/errors.ts';
import type { Act, ActResult } from './records.ts';

/** Methods have shorter names; whatever is longer is no name. */
const MOST_METHOD_CHARACTERS = 200;

/** What a viewer sent, as an act; undefined where it is none. What a method takes as parameters is the method's business. */
export function actOf(value: unknown): Act | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { do: what, job, method, params, urgency } = value as Record<string, unknown>;
  switch (what) {
    case 'pause':
    case 'resume':
      return { do: what };
    case 'cancel':
      return Number.isSafeInteger(job) ? { do: what, job: job as number } : undefined;
    case 'call': {
      if (typeof method !== 'string' || method === '' || method.length > MOST_METHOD_CHARACTERS) return undefined;
      if (urgency !== undefined && urgency !== 0 && urgency !== 1 && urgency !== 2) return undefined;
      return { do: what, method, ...(params === undefined ? {} : { params }), ...(urgency === undefined ? {} : { urgency }) };
    }
    default:
      return undefined;
  }
}

/** An act that was not done, with a code from the table of errors, or FORBIDDEN. */
export function notDone(code: string, message: string): ActResult {
  return { ok: false, error: { code, message } };
}

/** Why something is no act. */
export function noAct(value: unknown): string {
  return `${quote(value)} is no act; those are cancel, call, pause and resume`;
}
