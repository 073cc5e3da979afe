import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP, isIPv6 } from 'node:net';

/** Bytes of a token of our own: 192 bits, which nobody guesses. */
const TOKEN_BYTES = 24;

/** A given token has at least the bits of 22 such characters: 128. */
const tokenShape = /^[\w-]{22,200}$/;

/** A token for an address, from the operating system's generator. */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Whether something may be a token: 22 to 200 letters, digits, `_` and `-`. */
export function isToken(token: string): boolean {
  return tokenShape.test(token);
}

/** Where a request leads: what follows the token in its path. Undefined: the token is wrong, or there is none. */
export function pathBelow(token: string, url: string | undefined): string | undefined {
  const found = /^\/([^/?#]{1,200})(\/[^?#]*)?(?:[?#].*)?$/s.exec(url ?? '');
  const [, given = '', rest = ''] = found ?? [];
  return isSame(token, given) ? rest : undefined;
}

/** Takes the same time whatever differs, the length included. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(first, second);
}

/** Where the request came in, and what the inspector was told to be called. */
export interface Bound {
  /** As the option gave it: a name or an address. */
  readonly host: string;
  /** The local address of the connection. */
  readonly localAddress: string | undefined;
}

/**
 * Why a browser's request is refused; undefined: it is not. A page of another origin must reach nothing, whatever name it has given
 * this address (DNS rebinding) and wherever a link leads from. The port is not compared: a tunnel (`ssh -L`) has another.
 */
export function refusal(headers: IncomingHttpHeaders, bound: Bound, isNavigation: boolean): 'host' | 'origin' | undefined {
  const host = hostName(headers.host);
  if (host === undefined || !isOurs(host, bound)) return 'host';
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${headers.host?.toLowerCase()}`) return 'origin';
  const site = headers['sec-fetch-site'];
  // A link with the token in it may be followed from anywhere; nothing else comes from another site.
  const mayCross = isNavigation && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !mayCross) return 'origin';
  return undefined;
}

/** The name in a Host header, without its port and brackets. */
function hostName(header: string | undefined): string | undefined {
  const found = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

function isOurs(name: string, { host, localAddress }: Bound): boolean {
  if (name === 'localhost' || name === host.toLowerCase() || name === localAddress) return true;
  // A socket that takes both families says so in IPv6's words.
  if (isIP(name) === 4 && localAddress === `::ffff:${name}`) return true;
  return isLoopback(name) && isLoopback(localAddress ?? '');
}

/** Whether only this machine reaches an address. Of a name that is not `localhost` that is not known, and so it is false. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:(?=\d)/i, '');
  if (isIPv6(address)) return /^(?:0*:)*0*1$/.test(address);
  return address === 'localhost' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** Headers of every answer: what a browser may do with it, which is as little as the page needs. */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
});
