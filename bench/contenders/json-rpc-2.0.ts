/** json-rpc-2.0 leaves framing and writing to its user: lines, one write a message. */
import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import type { Contender, Params } from './contender.ts';
import { onLine } from './lines.ts';

export const jsonRpc2: Contender = {
  how: 'JSONRPCServerAndClient, one write a line; request without its optional timeout',
  open(stream) {
    const both = new JSONRPCServerAndClient(
      new JSONRPCServer(),
      new JSONRPCClient((message) => void stream.write(`${JSON.stringify(message)}\n`)),
    );
    both.addMethod('echo', (params: Params) => params);
    onLine(stream, (line) => void both.receiveAndSend(JSON.parse(line)));
    return { call: async (params) => both.request('echo', params) };
  },
};
