import { createActor } from 'xstate';
import { protocolByName, stdioChannel, transportLogic, transportOf, type TransportInput } from '../../../transport/index.ts';

// Exits as soon as it is told that its message was sent.
const { createCodec, limits } = protocolByName('jsonrpc-lines');
const input: TransportInput = {
  channel: stdioChannel(),
  createCodec: () => createCodec(limits),
  onMessage: () => {},
  onUp() {
    const transport = transportOf(actor);
    transport.write(transport.codec.encode({ type: 'notification', method: 'last', params: { words: 1 } }), () => process.exit(7));
  },
};
const actor = createActor(transportLogic, { input: input as never });
actor.start();
actor.send({ type: 'open' });
