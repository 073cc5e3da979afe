import { detached } from '../actors/detached.ts';

/** Words in names of members whose values are not shown, whatever else is: what is secret mostly says so. */
export const hiddenWords: readonly string[] = Object.freeze([
  'password',
  'passwd',
  'pwd',
  'passcode',
  'passphrase',
  'secret',
  'token',
  'key',
  'authorization',
  'credential',
  'cookie',
  'bearer',
  'jwt',
]);

/** How much of a value is shown. */
export interface ValueLimits {
  /** Characters of a text. */
  readonly text: number;
  /** Members of one object, or items of one list. */
  readonly members: number;
  /** Objects within objects. */
  readonly depth: number;
  /** Values in all. */
  readonly values: number;
  /** Characters of all texts and names. */
  readonly characters: number;
}

/** Of a message: a few lines of what it carries. */
export const messageLimits: ValueLimits = Object.freeze({ text: 500, members: 50, depth: 6, values: 300, characters: 8_000 });

/** Of a result that somebody asked for: much more. */
export const resultLimits: ValueLimits = Object.freeze({
  text: 64 * 1024,
  members: 2_000,
  depth: 32,
  values: 20_000,
  characters: 1024 * 1024,
});

const HIDDEN = '(hidden)';
const LONGEST_NAME = 128;

/** A text that may be JSON is looked into up to so many characters. */
const LONGEST_JSON = 64 * 1024;

/** Says of a member's name whether its value is hidden: if it has one of the words in it, without regard to case and signs. */
export function hiding(more: readonly string[] = []): (name: string) => boolean {
  const words = [...hiddenWords, ...more].map(plain);
  return (name) => {
    const letters = plain(name);
    return words.some((word) => letters.includes(word));
  };
}

/** The letters and digits of a name. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/**
 * A copy of a value as a viewer may see it: what JSON can write, cut to limits, without what is hidden. Bytes are shown by their length. It
 * holds nothing of the value, which may be changed or let go of; and it never throws, whatever the value is.
 */
export function shownValue(value: unknown, hides: (name: string) => boolean, limits: ValueLimits = messageLimits): unknown {
  return new Copy(hides, limits).of(value, 0);
}

class Copy {
  readonly #hides: (name: string) => boolean;
  readonly #limits: ValueLimits;
  #left: number;
  #characters: number;
  /** How many members were hidden. */
  #hidden = 0;

  constructor(hides: (name: string) => boolean, limits: ValueLimits) {
    this.#hides = hides;
    this.#limits = limits;
    this.#left = limits.values;
    this.#characters = limits.characters;
  }

  of(value: unknown, depth: number): unknown {
    this.#left--;
    switch (typeof value) {
      case 'string':
        return this.#text(value, depth);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#object(value, depth);
      case 'undefined':
        return null;
      case 'bigint':
        return this.#cut(String(value), this.#limits.text);
      case 'symbol':
      case 'function':
        return `(a ${typeof value})`;
    }
  }

  /** One that is JSON itself is shown as it came, unless something in it has to be hidden. */
  #text(text: string, depth: number): string {
    const before = this.#hidden;
    const json = depth < this.#limits.depth && /^\s*[[{]/.test(text) && text.length <= LONGEST_JSON ? this.#json(text, depth + 1) : text;
    return this.#cut(this.#hidden > before ? json : text, this.#limits.text);
  }

  #json(text: string, depth: number): string {
    const { hides, limits } = { hides: this.#hides, limits: this.#limits };
    try {
      const inner = new Copy(hides, { ...limits, depth: limits.depth - depth });
      const shown = JSON.stringify(inner.of(JSON.parse(text), 0));
      this.#hidden += inner.#hidden;
      return shown;
    } catch {
      return text;
    }
  }

  #object(value: object, depth: number): unknown {
    try {
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
      if (value instanceof Date) return String(value);
      if (value instanceof Error) return { name: this.#cut(value.name, LONGEST_NAME), message: this.#text(value.message, depth) };
      if (depth >= this.#limits.depth) return Array.isArray(value) ? '(a list)' : '(an object)';
      return Array.isArray(value) ? this.#list(value, depth) : this.#members(value, depth);
    } catch {
      return '(not readable)';
    }
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const shown: unknown[] = [];
    for (let at = 0; at < list.length; at++) {
      if (!this.#hasRoom(at)) return [...shown, `(${list.length - at} more)`];
      shown.push(this.of(list[at], depth + 1));
    }
    return shown;
  }

  #members(value: object, depth: number): object {
    const shown: [string, unknown][] = [];
    const names = Object.keys(value);
    for (const [at, name] of names.entries()) {
      if (!this.#hasRoom(at)) {
        shown.push(['…', `(${names.length - at} more)`]);
        break;
      }
      const isHidden = this.#hides(name);
      if (isHidden) this.#hidden++;
      const shownName = this.#cut(name, LONGEST_NAME);
      shown.push([shownName, isHidden ? HIDDEN : this.of((value as Record<string, unknown>)[name], depth + 1)]);
    }
    return Object.fromEntries(shown);
  }

  #hasRoom(at: number): boolean {
    return at < this.#limits.members && this.#left > 0 && this.#characters > 0;
  }

  #cut(text: string, longest: number): string {
    const most = Math.min(longest, Math.max(this.#characters, 0));
    this.#characters -= Math.min(text.length, most);
    return text.length <= most ? text : `${detached(text, most)}… (${text.length} characters)`;
  }
}
