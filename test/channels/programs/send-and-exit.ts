import { createActor } from 'xstate';
import { protocolByName, stdioChannel, transportLogic, transportOf, type TransportInput } from '../../../transport/index.ts';

// Exits as soon as it is told that its last message was sent, which is not the first of the turn.
const { createCodec, limits } = protocolByName('jsonrpc-lines');
const input: TransportInput = {
  channel: stdioChannel(),
  createCodec: () => createCodec(limits),
  onMessage: () => {},
  onUp() {
    const transport = transportOf(actor);
    const write = (method: string, done: () => void): void =>
      transport.write(transport.codec.encode({ type: 'notification', method, params: { words: 1 } }), done);
    write('first', () => {});
    write('last', () => process.exit(7));
  },
};
const actor = createActor(transportLogic, { input: input as never });
actor.start();
actor.send({ type: 'open' });
