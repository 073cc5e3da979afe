import { SimulatedClock } from 'xstate';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { memoryPair, type RemoteProtocolError } from '../../transport/index.ts';
import { GuestAgent, type AgentOptions } from '../support/guest-agent.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** A peer of ours, and the scripted agent at the other end of its line. */
export interface AgentSession {
  readonly peer: Peer<Loose>;
  readonly agent: GuestAgent;
  readonly clock: SimulatedClock;
  /** What was dropped, as `reason bytes`. */
  readonly damage: string[];
  /** The link's states so far. */
  readonly links: string[];
  /** Lets milliseconds pass, and everything happen that they lead to. */
  pass(ms: number): Promise<void>;
}

/** Everything that a command of the tests does. */
export const commands = {
  echo: (args: unknown) => args,
  add: ({ a, b }: Record<string, unknown>) => Number(a) + Number(b),
};

export function agentSession(agentOptions: AgentOptions = {}, options: Partial<CreatePeerOptions> = {}, before = ''): AgentSession {
  const [ours, theirs] = memoryPair();
  const clock = new SimulatedClock();
  const agent = new GuestAgent({ commands, ...agentOptions }).serve(theirs);
  if (before !== '') agent.say(before);
  const peer = opened<Loose>({ protocol: 'qemu-ga', stream: ours, clock, ...options });
  const damage: string[] = [];
  const links: string[] = [];
  peer.damage$.subscribe(({ reason, dropped }: RemoteProtocolError) => damage.push(`${reason} ${dropped}`));
  peer.link$.subscribe(({ state }) => links.push(state));
  const pass = async (ms: number): Promise<void> => {
    clock.increment(ms);
    await settled(3);
  };
  return { peer, agent, clock, damage, links, pass };
}
