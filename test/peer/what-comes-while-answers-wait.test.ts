import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { CreatePeerOptions, HandlerContext, Peer } from '../../actors/index.ts';
import { deferred, opened, settled, type Loose } from '../support/peers.ts';

/** A line between a host that may owe little, and a guest: what either says can be kept, and what the host says be left untaken. */
class HeldLine {
  readonly kept: Buffer[] = [];
  keeps = false;
  isStuck = false;
  readonly #untaken: (() => void)[] = [];
  readonly left: Duplex;
  readonly right: Duplex;

  constructor() {
    this.left = new Duplex({
      highWaterMark: 1024,
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        this.right.push(Buffer.from(chunk));
        if (this.isStuck) this.#untaken.push(done);
        else setImmediate(done);
      },
    });
    this.right = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        if (this.keeps) this.kept.push(Buffer.from(chunk));
        else this.left.push(Buffer.from(chunk));
        setImmediate(done);
      },
    });
  }

  /** What was kept arrives in one chunk. */
  deliver(): void {
    this.left.push(Buffer.concat(this.kept.splice(0)));
  }

  letGo(): void {
    this.isStuck = this.keeps = false;
    this.deliver();
    for (const done of this.#untaken.splice(0)) done();
  }
}

const protocol = 'virtagent-2' as const;

async function peersOn(line: HeldLine, methods: CreateMethods): Promise<{ host: Peer<Loose>; guest: Peer<Loose> }> {
  const host = opened<Loose>({
    stream: line.left,
    protocol,
    maxOwedBytes: 8 * 1024,
    methods: { big: () => 'x'.repeat(20_000), size: ({ text }: { text: string }) => text.length },
  });
  const guest = opened<Loose>({ stream: line.right, protocol, methods });
  await Promise.all([host.ready(), guest.ready()]);
  await settled(10);
  return { host, guest };
}

type CreateMethods = NonNullable<CreatePeerOptions['methods']>;

/** The host owes more than it may: what it is asked waits. */
async function oweMuch(line: HeldLine, guest: Peer<Loose>): Promise<void> {
  line.isStuck = line.keeps = true;
  for (let n = 0; n < 2; n++) {
    guest.call('big').catch(() => {});
    await settled(3);
  }
}

test('items and their response keep their order', async () => {
  let observer: { next(value: number): void; complete(): void } | undefined;
  const line = new HeldLine();
  const tail = (): unknown => ({ subscribe: (one: typeof observer) => void (observer = one) });
  const { host, guest } = await peersOn(line, { tail });
  const seen: number[] = [];
  const read = (async () => {
    for await (const item of host.stream('tail')) seen.push(item as number);
  })();
  await settled(20);
  await oweMuch(line, guest);
  for (let n = 0; n < 6; n++) {
    observer?.next(n);
    await settled(5);
    if (n % 2 === 1) line.deliver();
  }
  observer?.complete();
  await settled(5);
  line.letGo();
  await read;
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
});

test('so do values on the way, and the result', async () => {
  const ended = deferred<string>();
  let context: HandlerContext<Loose> | undefined;
  const line = new HeldLine();
  const { host, guest } = await peersOn(line, {
    work: (_, one) => {
      context = one;
      return ended.promise;
    },
  });
  const seen: unknown[] = [];
  const call = host.call('work', undefined, { onProgress: (value) => void seen.push(value) });
  await settled(20);
  await oweMuch(line, guest);
  context?.progress('half');
  await settled(5);
  line.deliver();
  context?.progress('most');
  ended.resolve('done');
  await settled(5);
  line.letGo();
  expect(await call).toBe('done');
  expect(seen).toEqual(['half', 'most']);
  expect(host.counters.unclaimed).toBe(0);
});

test('what a handler asks may be large: two sides that read do not stop one another', async () => {
  const line = new HeldLine();
  const { host, guest } = await peersOn(line, {
    work: (_: unknown, { call }) => call('size', { text: 'x'.repeat(900_000) }),
  });
  await settled(5);
  const sizes = Promise.all([1, 2, 3].map(() => host.call('work')));
  const answers = Promise.all(Array.from({ length: 40 }, () => guest.call('big')));
  expect(await sizes).toEqual([900_000, 900_000, 900_000]);
  expect((await answers).length).toBe(40);
});
