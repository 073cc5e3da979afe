import { describe, expect, test } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { memoryPair, type ProtocolName } from '../../transport/index.ts';
import { settled } from '../support/peers.ts';
import { call, CALL_MS, farEnd, lines, ourEnd, record, Replay } from './recorded-line.ts';

const protocols: ProtocolName[] = ['jsonrpc-lines', 'virtagent-v7'];
const answers = [1, 2, 3, 4, 5].map((n) => ({ n, text: 'ü'.repeat(n) }));

/** What the calls came to, in short; a value has to be the right one. */
function outcomes(results: unknown[]): string[] {
  return results.map((result, at) => {
    if (result instanceof VirtagentError) return `${result.code} ${result.known}`;
    expect(result).toEqual(answers[at]);
    return 'answered';
  });
}

describe.each(protocols)('%s', (protocol) => {
  test('the end of the line at each byte: what was answered is, the rest is lost or made on the next line', async () => {
    const said = await record(protocol);
    const total = said.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const seen = new Set<string>();
    for (let most = 0; most <= total; most++) {
      const replay = new Replay(protocol, said, most);
      const next = (): ReturnType<typeof memoryPair>[0] => {
        const [ours, far] = memoryPair();
        farEnd(protocol, far);
        return ours;
      };
      const { peer, clock, asked, calls } = ourEnd(protocol, lines([replay.stream, next]));
      await settled(4);
      replay.far.end();
      for (let turn = 0; turn < 50 && (turn < 4 || peer.link !== 'up'); turn++) {
        await settled(1);
        clock.increment(10);
      }
      const results = outcomes(await Promise.all(calls));
      for (const one of results) seen.add(one);
      expect(results.filter((one) => one !== 'answered' && one !== 'LINE_LOST perhaps-executed')).toEqual([]);
      if (most === total) expect(results).toEqual(['answered', 'answered']);
      expect(outcomes([answers[0], answers[1], await call(peer, 3)])[2]).toBe('answered');
      await settled(2);
      // Of each far end at most one question, and no answer that nobody waits for.
      expect([peer.counters.violations, asked.length <= 2]).toEqual([0, true]);
      peer.close();
    }
    expect([...seen].sort()).toEqual(['LINE_LOST perhaps-executed', 'answered']);
  });

  test('a stall at each byte: calls end at their deadline, what comes late is dropped, and the line goes on', async () => {
    const said = await record(protocol);
    const total = said.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const seen = new Set<string>();
    for (let most = 0; most <= total; most++) {
      const replay = new Replay(protocol, said, most);
      const { peer, clock, asked, calls } = ourEnd(protocol, lines([replay.stream]));
      await settled(4);
      clock.increment(CALL_MS);
      const results = outcomes(await Promise.all(calls));
      for (const one of results) seen.add(one);
      expect(results.filter((one) => one !== 'answered' && !one.startsWith('TIMEOUT'))).toEqual([]);
      replay.sayRest();
      await settled(4);
      const after = call(peer, 3);
      await settled(4);
      clock.increment(CALL_MS / 2);
      expect(outcomes([answers[0], answers[1], await after])[2]).toBe('answered');
      expect([peer.link, peer.counters.damaged, asked.length]).toEqual(['up', 0, 1]);
      peer.close();
    }
    expect([...seen].some((one) => one.startsWith('TIMEOUT'))).toBe(true);
  });

  test('another far end on the same line at each byte: one frame is lost with the half one, and then all is well', async () => {
    const said = await record(protocol);
    const total = said.reduce((sum, { bytes }) => sum + bytes.length, 0);
    let most = 0;
    for (let cut = 0; cut <= total; cut++) {
      const replay = new Replay(protocol, said, cut);
      const { peer, clock, calls } = ourEnd(protocol, lines([replay.stream]));
      await settled(4);
      replay.restart();
      await settled(4);
      let tries = 0;
      for (let isAnswered = false; !isAnswered; tries++) {
        const one = call(peer, 3);
        await settled(6);
        clock.increment(CALL_MS);
        const [, , outcome] = outcomes([answers[0], answers[1], await one]);
        expect(outcome).toMatch(/^answered$|^TIMEOUT /);
        isAnswered = outcome === 'answered';
      }
      const results = outcomes(await Promise.all(calls));
      expect(results.filter((one) => one !== 'answered' && !one.startsWith('TIMEOUT'))).toEqual([]);
      expect(peer.counters.damaged).toBeLessThanOrEqual(1);
      most = Math.max(most, tries);
      peer.close();
    }
    expect(most).toBeLessThanOrEqual(2);
  });
});
