import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { Attacker } from '../../torture/hostile/attack.ts';
import { FarSide } from '../../torture/hostile/far-side.ts';
import { messageAttacks } from '../../torture/hostile/message-attacks.ts';
import type { RawSide } from '../../torture/hostile/raw-side.ts';
import { sessionAttacks } from '../../torture/hostile/session-attacks.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** Each attack a few times, and no time: what it does to memory and to others is for `npm run torture -- --only hostile`. */
class FewTimes extends Attacker {
  override async flood(far: RawSide, say: (i: number) => unknown): Promise<void> {
    for (let i = 0; i < 40 && !far.closed; i++) {
      say(i);
      if (i % 8 === 7) await settled(2);
    }
  }

  override watch(): Promise<void> {
    return settled(3);
  }
}

const methods = {
  echo: (params: unknown) => params,
  never: () => new Promise(() => {}),
  big: (bytes: number) => 'x'.repeat(Math.min(bytes, 100_000)),
  ask: (_: unknown, { call }: HandlerContext<Loose>) => call('any', {}),
};

describe.each([
  ['below its messages', sessionAttacks],
  ['in whole messages', messageAttacks],
])('%s', (_where, attacks) => {
  test.each(attacks)('$name', async (attack) => {
    const [ours, line] = memoryPair();
    const far = new FarSide(line, attack.manners ?? { confirms: 1 });
    const peer = opened({ stream: ours, protocol: 'virtagent-2', methods, clock: new SimulatedClock() });
    if (attack.unmet !== true) await far.meet();
    await attack.run(far, new FewTimes());
    await settled();
    const { reason } = peer.ref.getSnapshot().context as { reason: unknown };
    if (peer.link === 'ended') expect(reason).toBeInstanceOf(Error);
    else if (attack.ends === 'cut' && !attack.name.includes('credit')) expect(peer.link).toBe('ended');
    expect('polluted' in {}).toBe(false);
    peer.close();
    await settled(2);
    expect(peer.manager.jobs).toBe(0);
    line.destroy();
  });
});
