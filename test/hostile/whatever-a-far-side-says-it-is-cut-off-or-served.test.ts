import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Peer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { Attacker, type Attack } from '../../torture/hostile/attack.ts';
import { FarSide } from '../../torture/hostile/far-side.ts';
import { messageAttacks } from '../../torture/hostile/message-attacks.ts';
import type { RawSide } from '../../torture/hostile/raw-side.ts';
import { sessionAttacks } from '../../torture/hostile/session-attacks.ts';
import { noDeeds, victimMethods } from '../../torture/hostile/victim-methods.ts';
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

  override async floodUnread(far: RawSide, say: (i: number) => unknown): Promise<void> {
    far.line.pause();
    await this.flood(far, say);
  }
}

function met(attack: Pick<Attack, 'manners'>, nth: number): { peer: Peer<Loose>; far: FarSide } {
  const [ours, line] = memoryPair();
  const methods = victimMethods(noDeeds(), (method, params) => peer.call(method, params));
  const peer: Peer<Loose> = opened({ stream: ours, protocol: 'virtagent-2', methods: methods as never, clock: new SimulatedClock() });
  return { peer, far: new FarSide(line, attack.manners ?? { confirms: 1 }, nth) };
}

describe.each([
  ['below its messages', sessionAttacks],
  ['in whole messages', messageAttacks],
])('%s', (_where, attacks) => {
  test.each(attacks)('$name', async (attack) => {
    const { peer, far } = met(attack, 0);
    if (attack.unmet !== true) await far.meet();
    await attack.run(far, new FewTimes({ isCut: async () => false, another: () => met({}, 1).far.meet() }));
    await settled();
    const { reason } = peer.ref.getSnapshot().context as { reason: unknown };
    if (peer.link === 'ended') expect(reason).toBeInstanceOf(Error);
    else if (attack.ends === 'cut' && !attack.name.includes('credit')) expect(peer.link).toBe('ended');
    expect('polluted' in {}).toBe(false);
    peer.close();
    await settled(2);
    expect(peer.manager.jobs).toBe(0);
    far.line.destroy();
  });
});
