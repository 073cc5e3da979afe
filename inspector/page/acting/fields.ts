/** A parameter of a method, as a form asks for it. */
export interface Field {
  readonly name: string;
  /** `json`: it is not one of the simple types, and typed as JSON. */
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'json';
  readonly description: string | undefined;
  readonly isRequired: boolean;
  /** The values that it may have, as they are typed. */
  readonly choices: readonly string[] | undefined;
}

/** At most so many, of a schema that somebody else wrote. */
const mostFields = 100;

/** The fields of a JSON Schema of an object. Undefined: it is of something else, or there is none; then parameters are typed as JSON. */
export function fieldsOf(schema: object | undefined): Field[] | undefined {
  const { type, properties, required } = (schema ?? {}) as Record<string, unknown>;
  if (type !== 'object') return undefined;
  // An object of which nothing is said may have anything in it.
  if (properties === undefined) return (schema as { additionalProperties?: unknown }).additionalProperties === false ? [] : undefined;
  if (typeof properties !== 'object' || properties === null) return undefined;
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties)
    .slice(0, mostFields)
    .map(([name, property]) => fieldOf(name, property, needed.has(name)));
}

function fieldOf(name: string, property: unknown, isRequired: boolean): Field {
  const {
    type,
    description,
    enum: values,
  } = (typeof property === 'object' && property !== null ? property : {}) as Record<string, unknown>;
  const simple = (['string', 'number', 'integer', 'boolean'] as const).find((one) => one === type);
  const choices = Array.isArray(values) && values.every((value) => typeof value === 'string') ? values.slice(0, 200) : undefined;
  return {
    name,
    type: choices === undefined ? (simple ?? 'json') : 'string',
    description: typeof description === 'string' ? description.slice(0, 200) : undefined,
    isRequired,
    choices,
  };
}

/** What was typed, as parameters; or why it can't be. */
export function paramsOf(
  schema: object | undefined,
  typed: Readonly<Record<string, string>>,
): { readonly ok: true; readonly params: unknown } | { readonly ok: false; readonly problem: string } {
  try {
    const fields = fieldsOf(schema);
    if (fields === undefined)
      return { ok: true, params: (typed[''] ?? '').trim() === '' ? undefined : parsed('The parameters', typed[''] ?? '') };
    const params: [string, unknown][] = [];
    for (const field of fields) {
      const text = typed[field.name] ?? '';
      if (text === '' && !(field.isRequired && field.type === 'string' && field.choices === undefined)) {
        if (field.isRequired) throw new Problem(`${field.name} is required`);
        continue;
      }
      params.push([field.name, valueOf(field, text)]);
    }
    // `__proto__` is a name like any other here.
    return { ok: true, params: Object.fromEntries(params) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

/** What somebody typed can't be sent. */
class Problem extends Error {}

function valueOf({ name, type }: Field, text: string): unknown {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true';
  if (type === 'json') return parsed(name, text);
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Problem(`${name} is ${text}, which is no number`);
  if (type === 'integer' && !Number.isInteger(value)) throw new Problem(`${name} is ${text}, which is no whole number`);
  return value;
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(`${name}: this is no JSON (${(error as Error).message})`);
  }
}
