import { expect, it } from 'vitest';
import { unixConnect } from '../../transport/index.ts';
import { probeBytes } from '../../transport/detect/probes.ts';
import { run } from '../cli/support.ts';
import { opened } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { realAgent } from './support/real-agent.ts';

/** Options of a line to it, without its protocol: that is found out. */
const lineOf = (line: readonly string[]): string[] => line.filter((word) => word !== '--protocol' && word !== 'qemu-ga');

needs('qemu-ga')('a real qemu-ga, to who does not know that it is one', () => {
  it('is found out by a peer, and by call, copy and exec', async () => {
    const { agent, line, folder } = await realAgent();
    const peer = opened({ channel: unixConnect(agent.path), protocol: 'auto' });
    expect(await peer.call('guest-get-time')).toBeGreaterThan(0);
    expect(peer.protocol).toBe('qemu-ga');
    await peer.stop();
    const auto = lineOf(line);
    expect(await run(['call', 'guest-ping', ...auto])).toMatchObject({ code: 0, stdout: '{}\n' });
    expect(await run(['exec', ...auto, '--no-stdin', '--', 'sh', '-c', 'echo found; exit 3'])).toMatchObject({
      code: 3,
      stdout: 'found\n',
    });
    expect((await run(['copy', '/etc/hostname', `guest:${folder}/copy`, ...auto])).code).toBe(0);
    expect((await run(['copy', `guest:${folder}/copy`, '-', ...auto])).code).toBe(0);
  });

  it.each(['virtagent-2', 'virtagent-v7', 'qemu-ga'] as const)(
    'is not harmed by the question of %s, whole or cut anywhere',
    async (probe) => {
      const { agent } = await realAgent();
      // A nonce that begins an object, and one that ends it.
      const whole = Buffer.from(probeBytes(probe, () => '7b227b5b2c7d'));
      const stream = await unixConnect(agent.path).open(new AbortController().signal);
      stream.resume();
      for (let at = 0; at <= whole.length; at += 3) stream.write(whole.subarray(0, at));
      stream.end();
      await new Promise((resolve) => stream.once('close', resolve));
      const peer = opened({ channel: unixConnect(agent.path), protocol: 'qemu-ga', retries: true });
      expect(await peer.call('guest-get-time', undefined, { timeoutMs: 20_000 })).toBeGreaterThan(0);
    },
  );
});
