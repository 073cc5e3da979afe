import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPeer, VirtagentError, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import { isaSerial, type ProtocolName } from '../../transport/index.ts';
import { line, until } from '../channels/support.ts';
import type { Loose } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { ptyPair } from './support/pty.ts';

const protocols: ProtocolName[] = ['jsonrpc-lines', 'virtagent-v7'];
const methods = { echo: (params: unknown) => params, hang: () => new Promise<never>(() => {}) };

function peerAt(path: string, options: Omit<CreatePeerOptions, 'channel' | 'stream'>): Peer<Loose> {
  const peer = createPeer<Loose>({ channel: isaSerial(path), methods, ...options });
  onTestFinished(() => peer.close());
  return peer;
}

const roles = (protocol: ProtocolName, role: 'host' | 'guest'): object => (protocol === 'virtagent-v7' ? { protocol, role } : { protocol });
const host = (path: string, protocol: ProtocolName): Peer<Loose> => peerAt(path, roles(protocol, 'host'));
// The port is free when the one before has handed over what it had written, for a second at most.
const guest = (path: string, protocol: ProtocolName): Peer<Loose> => peerAt(path, { ...roles(protocol, 'guest'), retries: true });

/** The outcome of one call. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof VirtagentError ? `${error.code} ${error.known}` : String(error)),
  );
}

needs('socat')('calls over two joined terminals', () => {
  describe.each(protocols)('%s', (protocol) => {
    test('in both directions at once, of all sizes', async () => {
      const { left, right } = await ptyPair();
      const ends = [host(left, protocol), guest(right, protocol)];
      await Promise.all(ends.map((end) => end.ready()));
      const sizes = [0, 1, 15, 16, 17, 4_095, 4_096, 100_000, 1_000_000];
      const all = ends.flatMap((end) =>
        sizes.map(async (size) => {
          const params = { text: 'x'.repeat(size) };
          expect(await end.call('echo', params)).toEqual(params);
        }),
      );
      await Promise.all(all);
      for (const end of ends) expect(end.counters).toMatchObject({ damaged: 0, violations: 0 });
    });

    test('a terminal that is hung up ends what is out, with what is known of it', async () => {
      const { left, right, hangUp } = await ptyPair();
      const calling = host(left, protocol);
      guest(right, protocol);
      await calling.ready();
      const out = outcome(calling.call(protocol === 'virtagent-v7' ? 'echo' : 'hang', { text: 'x'.repeat(1_500_000) }));
      await until(() => calling.counters.messagesOut > 0 && calling.slots.client.count > 0);
      await hangUp();
      expect(await out).toBe('LINE_LOST perhaps-executed');
      // The port is still named, but there is nothing behind it any more.
      expect(await calling.ended()).toMatchObject({ code: expect.stringMatching(/^CHANNEL_/) });
    });

    test('an end that is gone in the middle of a frame, and back: its next calls are answered', async () => {
      const { left, right } = await ptyPair();
      const calling = host(left, protocol);
      const first = guest(right, protocol);
      await Promise.all([calling.ready(), first.ready()]);
      for (let n = 0; n < 3; n++) {
        const end = n === 0 ? first : guest(right, protocol);
        await end.ready();
        void end.call('echo', { text: 'x'.repeat(1_000_000) }).catch(() => {});
        await until(() => calling.counters.bytesIn > (n + 1) * 20_000);
        end.close();
      }
      const last = guest(right, protocol);
      await last.ready();
      const results: string[] = [];
      for (let n = 0; n < 5; n++) results.push(await outcome(calling.call('echo', { n }, { timeoutMs: 3_000 })));
      // Half a frame swallows what comes behind it, as far as its own length or the next delimiter.
      expect(results.slice(-2)).toEqual(['answered', 'answered']);
      expect(results.filter((one) => one !== 'answered' && one !== 'TIMEOUT perhaps-executed')).toEqual([]);
    });

    test('garbage, as of a wrong baud rate, is told and dropped, and holds no memory', async () => {
      const { left, right } = await ptyPair();
      const calling = host(left, protocol);
      await until(() => calling.link === 'up' || calling.link === 'greeting');
      const reasons = new Set<string>();
      calling.damage$.subscribe(({ reason }) => reasons.add(reason));
      // A line of JSON-RPC that is no JSON is answered, as its specification has it.
      calling.messages$.subscribe(({ message }) => 'type' in message && message.type === 'rejected' && reasons.add('rejected'));
      // A line as others: a terminal that nobody has set up takes a byte of the other end's, such as 0x13, for a key, and stops.
      const noise = (await line(isaSerial(right))).resume();
      // As from a UART at another rate: anything, with line ends and 0xFF among it.
      for (let n = 0; n < 50; n++) {
        const { bytesIn } = calling.counters;
        noise.write(Buffer.concat([randomBytes(500), Buffer.from('\n')]));
        await until(() => calling.counters.bytesIn > bytesIn + 500);
      }
      noise.destroy();
      expect(reasons.size).toBeGreaterThan(0);
      const answering = guest(right, protocol);
      await answering.ready();
      const results: string[] = [];
      for (let n = 0; n < 3; n++) results.push(await outcome(calling.call('echo', { n }, { timeoutMs: 3_000 })));
      expect(results.at(-1)).toBe('answered');
    });
  });
});
