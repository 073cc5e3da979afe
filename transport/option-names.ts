import { invalidOption } from './errors.ts';

/** The names of some options, every one of them: the compiler sees to it. */
export function optionNames<Options>(names: Readonly<Record<keyof Options & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(names).toSorted());
}

/** Throws INVALID_OPTION where an option has a name that there is not: a typing error is an error, and no default. */
export function checkNames(what: string, options: object, names: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) invalidOption(what, options, 'an object');
  for (const name of Object.keys(options)) if (!names.has(name)) invalidOption(what, name, `the names ${[...names].join(', ')}`);
}

/** Throws INVALID_OPTION for an option that is to be a function, if it is given, and is none. */
export function checkFunctions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && typeof value !== 'function') invalidOption(name, value, 'a function');
}
