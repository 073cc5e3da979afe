/**
 * The floors: the least that a call over a stream costs. JSON lines, a map of promises, and nothing of what a package is
 * for: no errors, no deadlines, no cancel, no back-pressure, no bounds.
 */
import type { Duplex } from 'node:stream';
import type { Contender, Params } from './contender.ts';
import { onLine } from './lines.ts';

type Request = { readonly id: number; readonly method: string; readonly params: Params };
type Response = { readonly id: number; readonly result: unknown };

const methods: Record<string, (params: Params) => unknown> = { echo: (params) => params };

/** `writer` makes what sends one line. */
function floor(how: string, writer: (stream: Duplex) => (line: string) => void): Contender {
  return {
    how,
    open(stream) {
      const write = writer(stream);
      const waiting = new Map<number, (value: unknown) => void>();
      let last = 0;
      onLine(stream, (line) => {
        const message = JSON.parse(line) as Request | Response;
        if ('method' in message) {
          write(`${JSON.stringify({ id: message.id, result: methods[message.method]?.(message.params) })}\n`);
          return;
        }
        waiting.get(message.id)?.(message.result);
        waiting.delete(message.id);
      });
      return {
        call: (params) =>
          new Promise((resolve) => {
            const id = ++last;
            waiting.set(id, resolve);
            write(`${JSON.stringify({ id, method: 'echo', params })}\n`);
          }),
      };
    },
  };
}

/** One write a message. */
export const bare = floor('JSON lines, one write a message, a Map of promises; nothing else', (stream) => (line) => {
  stream.write(line);
});

/** One write a turn: what was said while one chunk was handled goes out together. */
export const batched = floor('the same, but one write a turn of the event loop', (stream) => {
  let lines = '';
  const flush = (): void => {
    stream.write(lines);
    lines = '';
  };
  return (line) => {
    if (lines === '') process.nextTick(flush);
    lines += line;
  };
});
