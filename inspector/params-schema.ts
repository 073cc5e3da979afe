import type { MethodDefinition } from '../actors/methods.ts';

/** Standard Schema's own way to say what a schema takes, which zod and arktype follow. */
interface SaysItself {
  readonly '~standard': { readonly jsonSchema?: { input(options: { readonly target: string }): unknown } | undefined };
}

/** Characters of a method's schema, as JSON, that are shown. */
const LONGEST = 20_000;

/** A method's parameters as JSON Schema: what its definition or its schema says; undefined where neither does, or it says too much. */
export function paramsSchemaOf({ jsonSchema, params }: MethodDefinition): object | undefined {
  try {
    const said = jsonSchema ?? (params as SaysItself | undefined)?.['~standard'].jsonSchema?.input({ target: 'draft-2020-12' });
    const text = JSON.stringify(said);
    if (text === undefined || text.length > LONGEST) return undefined;
    const plain: unknown = JSON.parse(text);
    return typeof plain === 'object' && plain !== null ? plain : undefined;
  } catch {
    // Some schemas have parts that JSON Schema can't say.
    return undefined;
  }
}
