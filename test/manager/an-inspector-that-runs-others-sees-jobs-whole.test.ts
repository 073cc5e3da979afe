import { expect, test } from 'vitest';
import type { AnyActorRef } from 'xstate';
import { createManager } from '../../actors/index.ts';

test('a job is made with its id and its input, though its inspector has managers run that nobody inspects', () => {
  const other = createManager();
  const seen: unknown[] = [];
  let runs = 0;
  const manager = createManager({
    inspect: (event) => {
      const { id, options } = event.actorRef as AnyActorRef & { options?: { input?: object } };
      if (event.type === '@xstate.actor') seen.push([id, options?.input]);
      if (event.type === '@xstate.microstep')
        other.addClient({ tag: `other ${runs++}`, operations: { send: (sending) => sending.done({ ok: true }) } });
    },
  });
  manager.addClient({ tag: 'a', operations: { send: () => {} } });
  expect(runs).toBeGreaterThan(0);
  expect(seen.at(-1)).toEqual(['client:1', expect.objectContaining({ answers: true })]);
});
