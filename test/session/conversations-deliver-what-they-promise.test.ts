import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Talk } from './conversation-support.ts';
import { runs } from '../property.ts';

type Step =
  | { readonly do: 'send'; readonly from: 0 | 1; readonly size: number }
  | { readonly do: 'carry'; readonly to: 0 | 1; readonly how: 'whole' | 'lost' | 'damaged' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'forget'; readonly which: number }
  | { readonly do: 'stick'; readonly side: 0 | 1; readonly isStuck: boolean }
  | { readonly do: 'cut' };

const side = fc.constantFrom(0 as const, 1 as const);
const size = fc.oneof(fc.nat(100), fc.constantFrom(256, 1024, 1025, 5000, 20_000, 70_000));
const steps = (losses: number, forgets: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), from: side, size }) },
      { weight: 30, arbitrary: fc.record({ do: fc.constant('carry' as const), to: side, how: fc.constant('whole' as const) }) },
      {
        weight: losses,
        arbitrary: fc.record({ do: fc.constant('carry' as const), to: side, how: fc.constantFrom('lost' as const, 'damaged' as const) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(5, 30, 300, 6000) }) },
      { weight: forgets, arbitrary: fc.record({ do: fc.constant('forget' as const), which: fc.nat(20) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('stick' as const), side, isStuck: fc.boolean() }) },
      { weight: 2, arbitrary: fc.constant({ do: 'cut' as const }) },
    ),
    { maxLength: 150 },
  );

/** Plays a script on a conversation, and says what was sent from each side. */
function play(
  talk: Talk,
  script: readonly Step[],
): { sent: readonly [string[], string[]]; given: ReadonlySet<string>; done: () => number } {
  const sent: [string[], string[]] = [[], []];
  const payloads: { readonly text: string; readonly from: 0 | 1; readonly payload: Uint8Array }[] = [];
  const given = new Set<string>();
  let done = 0;
  for (const one of script) {
    if (one.do === 'send') {
      // No two in a row alike: memory that is used again too early shows.
      const nth = sent[one.from].length;
      const text = `${nth}:${String.fromCharCode(97 + (nth % 26)).repeat(one.size)}`;
      sent[one.from].push(text);
      payloads.push({ text, from: one.from, payload: talk.sides[one.from].send(text, 0, () => done++) });
    } else if (one.do === 'carry') talk.carry(one.to, one.how);
    else if (one.do === 'wait') talk.clock.increment(one.ms);
    else if (one.do === 'cut') talk.cut();
    else if (one.do === 'stick') talk.sides[one.side].stick(one.isStuck);
    else {
      const chosen = payloads[one.which % Math.max(1, payloads.length)];
      if (chosen === undefined) continue;
      given.add(`${chosen.from} ${chosen.text}`);
      talk.sides[chosen.from].forget(chosen.payload);
    }
  }
  return { sent, given, done: () => done };
}

test('a reliable session delivers every message once, and those of one size class in order, whatever the line loses', () => {
  fc.assert(
    fc.property(steps(8, 0), (script) => {
      const talk = new Talk({ reliable: true });
      const { sent, done } = play(talk, script);
      talk.calm();
      for (const [at, { messages, problems }] of talk.sides.entries()) {
        expect(problems).toEqual([]);
        expect([...messages].sort()).toEqual([...(sent[1 - at] as string[])].sort());
        // What leaves in one turn keeps its order.
        const short = (text: string): boolean => text.length <= 1024;
        expect(messages.filter(short)).toEqual((sent[1 - at] as string[]).filter(short));
      }
      expect(done()).toBe(sent[0].length + sent[1].length);
    }),
    runs(400),
  );
});

test('a plain session on a line that loses nothing delivers every message once, over any number of lines', () => {
  fc.assert(
    fc.property(steps(0, 0), (script) => {
      const talk = new Talk();
      const { sent, done } = play(talk, script);
      talk.calm(3);
      for (const [at, { messages, problems }] of talk.sides.entries()) {
        expect(problems).toEqual([]);
        expect([...messages].sort()).toEqual([...(sent[1 - at] as string[])].sort());
      }
      expect(done()).toBe(sent[0].length + sent[1].length);
    }),
    runs(400),
  );
});

test('a plain session on a line that loses frames loses what they were part of, and nothing comes twice or wrong', () => {
  fc.assert(
    fc.property(steps(5, 0), (script) => {
      const talk = new Talk();
      const { sent } = play(talk, script);
      talk.calm(3);
      for (const [at, { messages, problems }] of talk.sides.entries()) {
        expect(problems.filter((problem) => !problem.startsWith('damage'))).toEqual([]);
        const theirs = new Set(sent[1 - at]);
        expect(new Set(messages).size).toBe(messages.length);
        for (const message of messages) expect(theirs.has(message)).toBe(true);
      }
      // Afterwards it is as good as new.
      talk.sides[0].send('after');
      talk.calm(1);
      expect(talk.sides[1].messages.at(-1)).toBe('after');
    }),
    runs(400),
  );
});

test.each([true, false])('a message that is given up comes whole or not at all, and holds up nothing (reliable: %s)', (reliable) => {
  fc.assert(
    fc.property(steps(reliable ? 5 : 0, 4), (script) => {
      const talk = new Talk({ reliable });
      const { sent, given } = play(talk, script);
      talk.calm(reliable ? 60 : 3);
      for (const [at, { messages, problems, conversation }] of talk.sides.entries()) {
        expect(problems).toEqual([]);
        const theirs = sent[1 - at] as string[];
        for (const message of messages) expect(theirs).toContain(message);
        for (const text of theirs) if (!given.has(`${1 - at} ${text}`)) expect(messages).toContain(text);
        expect(conversation.held).toBe(0);
      }
    }),
    runs(300),
  );
});
