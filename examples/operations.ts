/**
 * The operations level with a protocol of our own: lines of `? TAG QUESTION` and `! TAG ANSWER`.
 *
 * The manager knows nothing of it. We say what executing, sending and calling back mean, and report completions.
 */
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import { createManager, outcomeError, type Completion, type Manager, type Sending } from '../actors/index.ts';

/** One end of a line: `ask` the other, and answer what it asks. */
export function parrot(
  stream: Duplex,
  answer: (question: string) => string | Promise<string>,
): { ask(question: string): Promise<string>; manager: Manager } {
  const manager = createManager();
  let asked = 0;

  const write = (line: string, sending: Sending): void => {
    // A send is done when the stream took it: a full stream keeps the slot until it drains.
    if (stream.write(`${line}\n`)) sending.done({ ok: true });
    else stream.once('drain', () => sending.done({ ok: true }));
  };

  const answered = (tag: string, text: string): void => {
    manager.addServer({
      tag,
      operations: {
        execute: async (execution) => execution.done({ ok: true, value: await answer(text) }),
        send: (sending) => write(`! ${tag} ${textOf(sending.value)}`, sending),
      },
    });
  };

  const lines = createInterface({ input: stream });
  lines.on('line', (line) => {
    const [mark, tag = '', ...words] = line.split(' ');
    if (mark === '?') answered(tag, words.join(' '));
    else if (mark === '!') manager.readDone(tag, { ok: true, value: words.join(' ') });
  });
  lines.on('close', () => manager.lineLost());

  const ask = (question: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const tag = `${++asked}`;
      const added = manager.addClient({
        tag,
        timeoutMs: 10_000,
        operations: {
          send: (sending) => write(`? ${tag} ${question}`, sending),
          callback: (outcome) => (outcome.type === 'value' ? resolve(String(outcome.value)) : reject(outcomeError(outcome, 'ask'))),
        },
      });
      if (!added.ok) reject(added.error);
    });
  return { ask, manager };
}

const textOf = (completion: Completion | undefined): string => (completion?.ok ? String(completion.value) : 'sorry');
