import type { TracedMessage } from '../actors/index.ts';
import type { IncomingMessage, Tag } from '../transport/messages.ts';

/** Unanswered requests that are remembered for each direction: the window of any protocol, and a peer can't make it grow. */
const MOST = 4096;

/** Tells the method of a response by the request that went before it, for those who watch. */
export class MethodsByTag {
  readonly #asked = { in: new Map<Tag, string>(), out: new Map<Tag, string>() };

  /** The method that a message is about; undefined where it is not known. */
  of({ direction, message }: TracedMessage): string | undefined {
    const sent = message as IncomingMessage;
    if (sent.type === 'request') return this.#remember(direction, sent.tag, sent.method);
    if (sent.type === 'notification') return sent.method;
    if (sent.type !== 'response') return undefined;
    const asked = this.#asked[direction === 'in' ? 'out' : 'in'];
    const method = asked.get(sent.tag);
    asked.delete(sent.tag);
    return method;
  }

  #remember(direction: 'in' | 'out', tag: Tag, method: string): string {
    const asked = this.#asked[direction];
    asked.set(tag, method);
    if (asked.size > MOST) asked.delete(asked.keys().next().value);
    return method;
  }
}
