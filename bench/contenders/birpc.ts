/** birpc leaves framing and writing to its user: lines, one write a message, as its README does it on a WebSocket. */
import { createBirpc } from 'birpc';
import type { Contender, Params } from './contender.ts';
import { onLine } from './lines.ts';

interface Functions extends Record<string, unknown> {
  echo(params: Params): unknown;
}

export const birpc: Contender = {
  how: 'createBirpc with JSON.stringify and JSON.parse, post: one write a line; proxify: false and $call; its default timeout',
  open(stream) {
    const rpc = createBirpc<Functions, Functions, false>(
      { echo: (params) => params },
      {
        proxify: false,
        post: (line: string) => void stream.write(`${line}\n`),
        on: (take) => onLine(stream, take),
        serialize: JSON.stringify,
        deserialize: JSON.parse,
      },
    );
    return { call: (params) => rpc.$call('echo', params) };
  },
};
