import { VirtagentError } from '../actors/index.ts';
import { quote } from '../transport/errors.ts';

/** What one parameter may be. `undefined` has passed if the parameter may be left out. */
export interface Param<T> {
  readonly allowed: string;
  readonly accepts: (value: unknown) => value is T;
  /** Its kind, in the words of JSON Schema; default: a string. */
  readonly json?: Readonly<Record<string, unknown>>;
}

export type Shape = Readonly<Record<string, Param<unknown>>>;
type ParamsOf<S extends Shape> = { readonly [Name in keyof S]: S[Name] extends Param<infer T> ? T : never };

/** JSON-RPC's extensions put this beside a method's own parameters. */
const protocolsOwn = 'workDoneToken';

/** A request's parameters, or INVALID_PARAMS for the caller: a plain object with nothing but what the method knows. */
export function readParams<S extends Shape>(method: string, params: unknown, shape: S): ParamsOf<S> {
  const given = params === undefined ? {} : params;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) invalid(method, 'the parameters', params, 'an object');
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(shape, name) && name !== protocolsOwn) invalid(method, 'the parameters', name, `the names ${namesOf(shape)}`);
  }
  const read: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(shape)) {
    const value: unknown = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined;
    if (!param.accepts(value)) invalid(method, name, value, param.allowed);
    read[name] = value;
  }
  return read as ParamsOf<S>;
}

/** A method's parameters as JSON Schema, for a form. What it does not say, {@link readParams} checks. */
export function jsonSchemaOf(shape: Shape): object {
  const entries = Object.entries(shape);
  const properties = entries.map(([name, { allowed, json }]) => [name, { type: 'string', ...json, description: allowed }] as const);
  const required = entries.filter(([, { accepts }]) => !accepts(undefined)).map(([name]) => name);
  return { type: 'object', properties: Object.fromEntries(properties), required, additionalProperties: false };
}

function namesOf(shape: Shape): string {
  return Object.keys(shape).join(', ') || '(it takes none)';
}

function invalid(method: string, name: string, value: unknown, allowed: string): never {
  throw new VirtagentError('INVALID_PARAMS', `${method}: ${name}: ${quote(value)} is not allowed; it takes ${allowed}`);
}

/** A whole number between two others, or left out. */
export function optionalCount(most: number): Param<number | undefined> {
  return {
    allowed: `a whole number from 0 to ${most}`,
    json: { type: 'integer', minimum: 0, maximum: most },
    accepts: (value): value is number | undefined =>
      value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most),
  };
}

/** One of some words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Param<Word> {
  return { allowed: `one of ${words.join(', ')}`, json: { enum: words }, accepts: (value): value is Word => words.includes(value as Word) };
}

/** Bytes of a path that a system call takes. */
const PATH_MAX = 4096;

/** Where a file is. */
export const absolutePath: Param<string> = {
  allowed: `an absolute path of at most ${PATH_MAX - 1} bytes without NUL`,
  accepts: (value): value is string =>
    typeof value === 'string' && value.startsWith('/') && !value.includes('\0') && Buffer.byteLength(value) < PATH_MAX,
};

/** Text of some form, or left out. */
export function optionalText(allowed: string, form: RegExp): Param<string | undefined> {
  return {
    allowed,
    accepts: (value): value is string | undefined => value === undefined || (typeof value === 'string' && form.test(value)),
  };
}

/** True, or left out. */
export const optionalFlag: Param<boolean | undefined> = {
  allowed: 'true or false',
  json: { type: 'boolean' },
  accepts: (value): value is boolean | undefined => value === undefined || typeof value === 'boolean',
};
