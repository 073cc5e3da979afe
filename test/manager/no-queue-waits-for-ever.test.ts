import { expect, test } from 'vitest';
import type { JobClass, Urgency } from '../../machines/job.ts';
import { World } from './world.ts';

/** What a queue before the send slots is of; nested calls are in the queue of the calls of their urgency. */
interface Queue {
  readonly class: JobClass;
  readonly urgency: Urgency;
  readonly exempt: boolean;
}

const queues: readonly Queue[] = ([2, 1, 0] as const).flatMap((urgency) => [
  { class: 'server', urgency, exempt: false },
  { class: 'client', urgency, exempt: false },
  { class: 'client', urgency, exempt: true },
]);
const QUEUES = 6;
const nameOf = (queue: Queue): string => `${queue.class}.${queue.urgency}${queue.exempt ? '.nested' : ''}`;

/** A world in which each queue of `flooding` always has two jobs that wait; `next` grants one send and says whose it was. */
class Flood {
  readonly world: World;
  readonly #flooding: readonly Queue[];
  readonly #waiting = new Map<string, number>();
  #number = 0;

  constructor(flooding: readonly Queue[], options: { maxBypass?: number; window?: number } = {}) {
    this.world = new World({ executeSlots: Infinity, maxServerJobs: Infinity, maxClientJobs: Infinity, ...options });
    this.#flooding = flooding;
    this.add({ class: 'client', urgency: 2, exempt: true });
    this.#waiting.clear();
    this.#fill();
  }

  add(queue: Queue): string {
    const tag = `${nameOf(queue)}#${++this.#number}`;
    this.world.add(queue.class, tag, queue);
    if (queue.class === 'server') this.world.executed(tag);
    this.#waiting.set(nameOf(queue), (this.#waiting.get(nameOf(queue)) ?? 0) + 1);
    return tag;
  }

  /** The tag of the job that is sent after the present one. */
  next(): string {
    const sending = this.world.news().findLast((line) => line.startsWith('send ')) as string;
    const tag = sending.slice('send '.length);
    this.world.sent(tag);
    if (tag.startsWith('client')) this.world.read(tag);
    const line = this.world.log.findLast((one) => one.startsWith('send ')) as string;
    const name = line.slice('send '.length).split('#')[0] as string;
    this.#waiting.set(name, (this.#waiting.get(name) ?? 0) - 1);
    this.#fill();
    return line.slice('send '.length);
  }

  #fill(): void {
    for (const queue of this.#flooding) while ((this.#waiting.get(nameOf(queue)) ?? 0) < 2) this.add(queue);
  }
}

const grantsUntil = (flood: Flood, tag: string, most: number): number => {
  for (let i = 0; i <= most; i++) if (flood.next() === tag) return i;
  return Infinity;
};

test.each(queues.map((queue) => [nameOf(queue), queue] as const))(
  'whatever floods all other queues, the head of %s goes after at most maxBypass and the number of other queues',
  (_, queue) => {
    const flood = new Flood(queues.filter((other) => other !== queue));
    for (let i = 0; i < 50; i++) flood.next();
    for (let round = 0; round < 5; round++) {
      const tag = flood.add(queue);
      // Of its own queue older ones go first: nested or other calls, of which the flood always has two waiting.
      const ahead = queues.some((other) => other !== queue && other.class === queue.class && other.urgency === queue.urgency) ? 2 : 0;
      expect(grantsUntil(flood, tag, 200)).toBeLessThanOrEqual((ahead + 1) * (16 + QUEUES - 1) + ahead);
    }
  },
);

test('under floods of everything each queue gets its share, and the best gets what is left', () => {
  const flood = new Flood(queues);
  const share = new Map<string, number>();
  for (let i = 0; i < 1700; i++) {
    const name = (flood.next().split('#')[0] as string).replace('.nested', '');
    share.set(name, (share.get(name) ?? 0) + 1);
  }
  // One in seventeen and a little less, as those that are due together wait for each other.
  for (const queue of queues.filter((one) => !one.exempt)) {
    expect(share.get(nameOf(queue)), nameOf(queue)).toBeGreaterThanOrEqual(Math.floor(1700 / (16 + QUEUES)));
  }
  expect(share.get('server.2')).toBeGreaterThan(700);
});

test('the count is of grants while the head could have been sent: a closed window is no bypass', () => {
  const flood = new Flood([{ class: 'server', urgency: 2, exempt: false }], { window: 1 });
  const { world } = flood;
  // Takes the only place in the window, and keeps it: no answer comes.
  world.client('blocker', { urgency: 2 });
  for (let i = 0; i < 40 && !world.log.includes('send blocker'); i++) flood.next();
  world.sent('blocker');
  const tag = flood.add({ class: 'client', urgency: 0, exempt: false });
  for (let i = 0; i < 100; i++) expect(flood.next()).not.toBe(tag);
  world.read('blocker');
  expect(grantsUntil(flood, tag, 100)).toBe(16);
});

test('of several that are due the longest due goes first, and then the count starts again', () => {
  const world = new World({ executeSlots: Infinity, maxBypass: 3 });
  const order: string[] = [];
  let sending = 'first';
  const grant = (): void => {
    world.sent(sending);
    sending = (world.news().findLast((line) => line.startsWith('send ')) as string).slice('send '.length);
    order.push(sending.replace(/\d+$/, ''));
  };
  let number = 0;
  const flood = (): void => {
    const tag = `F${++number}`;
    world.server(tag, { urgency: 2 });
    world.executed(tag);
  };
  world.client('first');
  for (const tag of ['low1', 'low2']) world.client(tag, { urgency: 0 });
  world.news();
  for (let i = 0; i < 5; i++) flood();
  grant();
  // The better queue comes one grant later, so it is due one grant later too.
  for (const tag of ['mid1', 'mid2']) world.client(tag, { urgency: 1 });
  for (let i = 0; i < 20; i++) {
    flood();
    grant();
  }
  // `low` is due after three; `mid`, better but due since later, right after it; then three more before the next.
  expect(order.slice(0, 11)).toEqual(['F', 'F', 'F', 'low', 'mid', 'F', 'F', 'low', 'mid', 'F', 'F']);
});

test('a new request is not passed over for ever by others: the same bound before the execute slots', () => {
  const world = new World({ executeSlots: 1 });
  world.server('running');
  world.server('low', { urgency: 0, answers: false });
  let running = 'running';
  let passed = 0;
  for (; !world.log.includes('execute low') && passed < 100; passed++) {
    world.server(`a${passed}`, { urgency: 2, answers: false });
    world.server(`b${passed}`, { urgency: 1, answers: false });
    world.news();
    world.executed(running);
    running = (world.log.findLast((line) => line.startsWith('execute ')) as string).slice('execute '.length);
  }
  expect(passed).toBeLessThanOrEqual(16 + 3);
});

test('the original’s order is there for who wants it: with maxBypass Infinity nothing is ever due', () => {
  const flood = new Flood([{ class: 'server', urgency: 1, exempt: false }], { maxBypass: Infinity });
  const tag = flood.add({ class: 'client', urgency: 2, exempt: false });
  for (let i = 0; i < 300; i++) expect(flood.next()).not.toBe(tag);
});
