/** vscode-jsonrpc brings its framing (headers) and its write queue. */
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { Contender, Params } from './contender.ts';

export const vscodeJsonRpc: Contender = {
  how: "createMessageConnection(StreamMessageReader, StreamMessageWriter), sendRequest('echo', params)",
  open(stream) {
    const connection = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream));
    connection.onRequest('echo', (params: Params) => params);
    connection.listen();
    return { call: (params) => connection.sendRequest('echo', params) };
  },
};
