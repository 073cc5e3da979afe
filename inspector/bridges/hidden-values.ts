/** Members and elements that are looked at, and how deep: beyond it a value is named by its kind alone. */
const MOST_MEMBERS = 50;
const DEEPEST = 4;

/** Words of the charts' own: who says them says nothing of what is called. */
const words: ReadonlySet<string> = new Set(['type', 'class', 'grant', 'link', 'known']);
const MOST_WORD = 30;

/** What calls carry, by the names that it has in contexts and events: nothing in it is shown, not even a number. */
const carriers: ReadonlySet<string> = new Set(['value', 'params', 'error', 'reason', 'data', 'message', 'remote', 'progress', 'item']);

/**
 * A value without its content, for viewers that others run: its members with the kind and size of each, and the numbers and truth values
 * of a chart's own context. Strings, bytes, and whatever a call carries are named by their kinds alone.
 */
export function hiddenValue(value: unknown): unknown {
  return hidden(value, 0, false);
}

/** A context without what calls carry. */
export function hiddenContext(context: unknown): object {
  const shown = hiddenValue(context);
  return typeof shown === 'object' && shown !== null ? shown : {};
}

/** An event by its type, and its members by their kinds. */
export function hiddenEvent<Event extends { readonly type: string }>(event: Event): Event {
  return { ...(hiddenValue(event) as object), type: event.type } as Event;
}

function hidden(value: unknown, depth: number, isCarried: boolean): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value === 'number' || typeof value === 'boolean') return isCarried ? `(${typeof value})` : value;
  if (typeof value === 'string') return `(string, ${value.length})`;
  return typeof value === 'object' ? hiddenObject(value, depth, isCarried) : `(${typeof value})`;
}

function hiddenObject(value: object, depth: number, isCarried: boolean): unknown {
  if (ArrayBuffer.isView(value)) return `(bytes, ${value.byteLength})`;
  if (Array.isArray(value)) return `(list, ${value.length})`;
  // An actor, a timer or another thing that works: whoever looks into it looks into all of the process.
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
  if (!isPlain || depth === DEEPEST) return '(object)';
  const members = Object.entries(value).slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    members.map(([name, inner]) => {
      const isWord = !isCarried && words.has(name) && typeof inner === 'string' && inner.length <= MOST_WORD;
      return [name, isWord ? inner : hidden(inner, depth + 1, isCarried || carriers.has(name))];
    }),
  );
}
