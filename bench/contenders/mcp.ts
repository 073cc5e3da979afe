/**
 * The Model Context Protocol's own SDK, with its transport for streams (made for stdio, it takes any two streams) at both
 * ends. Its results must be objects, which the echo's are. It validates every message with zod: that is what it is.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import type { Contender, Params } from './contender.ts';

const echoResult = z.looseObject({ text: z.string() });
const echoRequest = z.object({ method: z.literal('echo'), params: echoResult });

type EchoRequest = { method: 'echo'; params: Params & Record<string, unknown> };
type EchoResult = Params & Record<string, unknown>;

export const mcp: Contender = {
  how: 'Client and Server of @modelcontextprotocol/sdk over StdioServerTransport(stream, stream), a method of our own',
  async open(stream, side) {
    const about = { name: 'bench', version: '1' };
    // It waits for 'drain' with a listener for each message.
    stream.setMaxListeners(0);
    const end = side === 'client' ? new Client<EchoRequest, never, EchoResult>(about) : new Server<EchoRequest, never, EchoResult>(about);
    end.setRequestHandler(echoRequest, ({ params }) => params);
    await end.connect(new StdioServerTransport(stream as never, stream));
    return { call: (params) => end.request({ method: 'echo', params: params as EchoResult }, echoResult) };
  },
};
