import type { Methods, Role } from '../actors/index.ts';
import { protocolByName } from '../transport/protocols.ts';
import type { SpokenName } from './line-options.ts';
import { jsonSchemaOf, readParams } from './params.ts';

/** What the original said that it was. */
const VERSION = '1.0';

/**
 * The methods that v7 itself gives its two ends, for the protocols that have no greeting. In v7 they are the greeting's
 * own: a `hello` of ours would stand in front of it.
 */
export function commonMethods(role: Role, protocol: SpokenName, own: Methods = {}): Methods {
  // Where it turns out to be v7, its greeting goes first.
  const { greeting, serves } = protocolByName(protocol === 'auto' ? 'virtagent-2' : protocol);
  if (!serves) return {};
  if (greeting === 'v7') return own;
  const jsonSchema = jsonSchemaOf({});
  const answersNothing = (method: string) => ({ handle: (params: unknown) => void readParams(method, params, {}), jsonSchema });
  const ping = answersNothing('ping');
  if (role === 'host') return { ping, hello: answersNothing('hello'), ...own };
  const methods = ['ping', 'capabilities', ...Object.keys(own)];
  return { ping, capabilities: { handle: () => ({ methods, version: VERSION }), jsonSchema }, ...own };
}
