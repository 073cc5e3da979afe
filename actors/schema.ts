import { quote, VirtagentError, type ErrorCode } from '../transport/errors.ts';

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
  const checked = schema['~standard'].validate(value);
  return checked instanceof Promise ? checked.then((result) => accepted(result, code, what)) : accepted(checked, code, what);
}

function accepted<Output>(result: SchemaResult<Output>, code: ErrorCode, what: string): Output {
  if (result.issues === undefined) return result.value;
  const issues = result.issues
    .slice(0, MOST_ISSUES)
    .map(({ message, path }) => ({ path: (path ?? []).map(keyText).join('.'), message: message.slice(0, 200) }));
  const first = issues[0];
  throw new VirtagentError(code, `${what}${first?.path ? ` at ${quote(first.path)}` : ''}: ${first?.message ?? 'not valid'}`, {
    data: { issues },
  });
}

function keyText(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part);
}
