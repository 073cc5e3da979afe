import { invalidOption, quote, VirtagentError, type ErrorCode } from '../transport/errors.ts';
import { oneLine } from './outcomes.ts';

/**
 * A validator by the Standard Schema convention (version 1), which zod, valibot, arktype and others follow: this
 * package needs none of them to take any of them.
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** What a schema makes of a value. */
export type SchemaOutput<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer O }
    ? O
    : unknown
  : unknown;

/** How many issues go into an error: a hostile value can have any number. */
const MOST_ISSUES = 16;

/**
 * The value as the schema gives it back. Throws `code`, with the issues as `data`.
 *
 * Returns a promise only if the schema does.
 */
export function validate<Output>(schema: Schema<unknown, Output>, value: unknown, code: ErrorCode, what: string): Output | Promise<Output> {
  const checked: SchemaResult<Output> | PromiseLike<SchemaResult<Output>> = schema['~standard'].validate(value);
  // Not only a Promise of this realm: a thenable has no issues either, and would pass.
  return isThenable(checked) ? Promise.resolve(checked).then((result) => accepted(result, code, what)) : accepted(checked, code, what);
}

/** Throws INVALID_OPTION for what is no schema. */
export function checkSchema(option: string, schema: unknown): void {
  const standard = (schema as Partial<Schema> | null | undefined)?.['~standard'];
  if (typeof standard?.validate !== 'function') invalidOption(option, schema, 'a Standard Schema, such as one of zod or valibot');
}

/** Whether a value has to be waited for. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  const may = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return may && typeof (value as { then?: unknown }).then === 'function';
}

function accepted<Output>(result: SchemaResult<Output>, code: ErrorCode, what: string): Output {
  if (result.issues === undefined) return result.value;
  const issues = result.issues
    .slice(0, MOST_ISSUES)
    .map(({ message, path }) => ({ path: (path ?? []).map(keyText).join('.'), message: oneLine(message.slice(0, 200)) }));
  const first = issues[0];
  throw new VirtagentError(code, `${what}${first?.path ? ` at ${quote(first.path)}` : ''}: ${first?.message ?? 'not valid'}`, {
    data: { issues },
  });
}

function keyText(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part);
}
