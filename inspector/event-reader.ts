/** Characters of one event: a past comes in many, and the largest of them is far below. Each connection may hold one. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** Server-sent events out of a text that comes in pieces: their data alone. It does no I/O. */
export class EventReader {
  readonly #most: number;
  /** Lines of the event that is coming in, and the line that has no end yet. */
  #data: string[] = [];
  #line: string[] = [];
  #characters = 0;

  constructor(most = MOST_CHARACTERS) {
    this.#most = most;
  }

  /** The data of the events that end in this piece. Throws a RangeError for one that is too large; it is of no use after that. */
  push(text: string): string[] {
    const events: string[] = [];
    const lines = text.split('\n');
    for (const [at, piece] of lines.entries()) {
      this.#characters += piece.length;
      if (this.#characters > this.#most) throw new RangeError(`an event has more than ${this.#most} characters`);
      this.#line.push(piece);
      if (at < lines.length - 1) this.#endLine(events);
    }
    return events;
  }

  #endLine(events: string[]): void {
    const line = this.#line.join('').replace(/\r$/, '');
    this.#line = [];
    if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    if (line !== '') return;
    if (this.#data.length > 0) events.push(this.#data.join('\n'));
    this.#data = [];
    this.#characters = 0;
  }
}
