import { invalidOption } from '../transport/errors.ts';
import { checkNames, optionNames } from '../transport/option-names.ts';
import type { MethodDefinition, Methods } from './methods.ts';
import { checkSchema } from './schema.ts';

const definitionNames = optionNames<MethodDefinition>({ params: true, result: true, jsonSchema: true, handle: true });

/** Throws INVALID_OPTION for what is no method, or could not be called. `reserved`: what names of the protocol's own begin with. */
export function checkMethods(methods: Methods, reserved: string | undefined): void {
  const isObject = typeof methods === 'object' && methods !== null;
  if (!isObject || Symbol.iterator in methods) invalidOption('methods', shape(methods), 'an object of functions by name');
  const all = Object.entries(methods);
  if (all.length === 0 && !isPlain(methods))
    invalidOption('methods', shape(methods), 'an object that has functions of its own: what it inherits can not be called');
  for (const [name, found] of all) {
    const option = `methods.${name}`;
    if (reserved !== undefined && name.startsWith(reserved))
      invalidOption('methods', name, `names that do not begin with ${reserved}: those are the protocol's own, and nobody could call it`);
    if (typeof found === 'function') continue;
    if (typeof (found as MethodDefinition | undefined)?.handle !== 'function')
      invalidOption(option, found, 'a function, or an object with a handle function');
    checkDefinition(option, found);
  }
}

function checkDefinition(option: string, definition: MethodDefinition): void {
  // An instance of somebody's class may have members for itself.
  if (isPlain(definition)) checkNames(option, definition, definitionNames);
  const { params, result, jsonSchema } = definition;
  if (params !== undefined) checkSchema(`${option}.params`, params);
  if (result !== undefined) checkSchema(`${option}.result`, result);
  if (jsonSchema !== undefined && (typeof jsonSchema !== 'object' || jsonSchema === null))
    invalidOption(`${option}.jsonSchema`, jsonSchema, 'a JSON Schema, which is an object');
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** What something is that is not what it should be: an object by its class, as its members say nothing. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? `of class ${constructor.name}` : value;
}
