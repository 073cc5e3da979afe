/** All contenders, by the names under which they are shown. Each is loaded only by a process that runs it. */
import type { Contender } from './contender.ts';

interface Entry {
  /** Whose version is shown. */
  readonly package: string | undefined;
  readonly load: () => Promise<Contender>;
}

const entries = {
  'virtagent-2': { package: 'virtagent', load: async () => (await import('./virtagent.ts')).v2 },
  'jsonrpc-lines': { package: 'virtagent', load: async () => (await import('./virtagent.ts')).lines },
  'jsonrpc-headers': { package: 'virtagent', load: async () => (await import('./virtagent.ts')).headers },
  'virtagent-v7': { package: 'virtagent', load: async () => (await import('./virtagent.ts')).v7 },
  birpc: { package: 'birpc', load: async () => (await import('./birpc.ts')).birpc },
  'vscode-jsonrpc': { package: 'vscode-jsonrpc', load: async () => (await import('./vscode-jsonrpc.ts')).vscodeJsonRpc },
  'json-rpc-2.0': { package: 'json-rpc-2.0', load: async () => (await import('./json-rpc-2.0.ts')).jsonRpc2 },
  capnweb: { package: 'capnweb', load: async () => (await import('./capnweb.ts')).capnweb },
  mcp: { package: '@modelcontextprotocol/sdk', load: async () => (await import('./mcp.ts')).mcp },
  floor: { package: undefined, load: async () => (await import('./floor.ts')).bare },
  'batched-floor': { package: undefined, load: async () => (await import('./floor.ts')).batched },
} satisfies Record<string, Entry>;

export type ContenderName = keyof typeof entries;

export const contenders: Readonly<Record<ContenderName, Entry>> = entries;
export const contenderNames = Object.keys(entries) as ContenderName[];
