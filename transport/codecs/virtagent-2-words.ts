import type { Limits } from '../limits.ts';

/** The methods of the protocol's own messages. */
export const own = Object.freeze({
  prefix: '$/',
  limits: '$/limits',
  cancel: '$/cancel',
  progress: '$/progress',
  item: '$/item',
  more: '$/more',
  status: '$/status',
});

/** The length of the JSON, before it where byte strings are behind it. */
export const lengthBytes = 4;

/** Whether a value can tie a response to its request. */
export function isTag(value: unknown, limits: Limits): value is string {
  return typeof value === 'string' && value.length <= limits.maxTagLength;
}
