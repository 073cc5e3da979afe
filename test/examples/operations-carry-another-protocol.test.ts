import { expect, test } from 'vitest';
import { parrot } from '../../examples/operations.ts';
import { memoryPair } from '../../transport/index.ts';

test('two ends with a protocol of their own ask each other at the same time', async () => {
  const [a, b] = memoryPair();
  const left = parrot(a, (question) => question.toUpperCase());
  const right = parrot(b, async (question) => [...question].toReversed().join(''));
  const questions = Array.from({ length: 50 }, (_, i) => `question ${i}`);
  const [fromRight, fromLeft] = await Promise.all([
    Promise.all(questions.map((question) => left.ask(question))),
    Promise.all(questions.map((question) => right.ask(question))),
  ]);
  expect(fromRight).toEqual(questions.map((question) => [...question].toReversed().join('')));
  expect(fromLeft).toEqual(questions.map((question) => question.toUpperCase()));
  expect([left.manager.jobs, right.manager.jobs]).toEqual([0, 0]);
});

test('an unanswered question fails when the line closes', async () => {
  const [a, b] = memoryPair();
  const left = parrot(a, (question) => question);
  const asked = left.ask('anybody there');
  b.destroy();
  await expect(asked).rejects.toMatchObject({ code: 'LINE_LOST' });
});
