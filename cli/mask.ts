import { oneLine } from './text.ts';

/** Members of one array or object that are shown, and how deep. */
const MOST_MEMBERS = 20;
const DEEPEST = 6;

/** A value's shape without its content: every leaf as its type and size, so that a trace can be passed on. */
export function mask(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `<string ${value.length}>`;
  if (value === null) return '<null>';
  if (value instanceof Uint8Array) return `<bytes ${value.length}>`;
  if (typeof value !== 'object') return `<${typeof value}>`;
  if (depth === DEEPEST) return Array.isArray(value) ? `<array ${value.length}>` : `<object ${Object.keys(value).length}>`;
  return Array.isArray(value) ? `[${members(value, (one) => mask(one, depth + 1))}]` : `{${maskFields(value, depth)}}`;
}

function maskFields(value: object, depth: number): string {
  return members(Object.entries(value), ([name, inner]) => `${JSON.stringify(oneLine(name, 40))}:${mask(inner, depth + 1)}`);
}

function members<T>(all: readonly T[], show: (one: T) => string): string {
  const shown = all.slice(0, MOST_MEMBERS).map(show);
  return [...shown, ...(all.length > MOST_MEMBERS ? [`… ${all.length - MOST_MEMBERS} more`] : [])].join(',');
}
