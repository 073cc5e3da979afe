/** Attacks of who speaks virtagent-2 well, and says what nobody should: in whole messages. */
import type { Attack } from './attack.ts';
import { request, type FarSide } from './far-side.ts';
import { deep, MANY, MiB } from './material.ts';

/** What is behind a message's length: its JSON, and its byte strings. */
function withStrings(json: string, behind: Buffer): Buffer {
  const length = Buffer.byteLength(json);
  return Buffer.concat([Buffer.from([length >> 21, (length >> 14) & 127, (length >> 7) & 127, length & 127]), Buffer.from(json), behind]);
}

const PIECE = 60_000;

/** A message with byte strings, in as many frames as it takes. */
function sayInPieces(far: FarSide, payload: Buffer, number = 0): void {
  if (payload.length <= PIECE) return void far.data(payload, { bytes: true });
  for (let at = 0; at < payload.length; at += PIECE) {
    const [first, last] = [at === 0, at + PIECE >= payload.length];
    far.data(payload.subarray(at, at + PIECE), { bytes: true, first, last, number, total: first ? payload.length : undefined });
  }
}

/** So many byte strings of no byte. */
function manyStrings(count: number): Buffer {
  const places = Array.from({ length: count }, (_, n) => `["/params/${n}",0]`);
  return withStrings(
    `{"id":"a","method":"echo","nested":true,"params":[${Array(count).fill('null').join()}],"bytes":[${places.join()}]}`,
    Buffer.alloc(0),
  );
}

const few = manyStrings(1_000);
const many = manyStrings(10_000);
/** Places that are none, or are not the message's own, and one that is: a member of that name. */
const places = ['/__proto__/__proto__', '/__proto__/polluted', '/constructor/prototype/polluted', '/params/__proto__/polluted', '/params/__proto__']; // prettier-ignore

const answer = (id: string): object => ({ id, result: 'not asked for' });
const nested = (i: number | string, method: string, params?: unknown): object => request(`${i}`, method, params, { nested: true });

/** Has the victim call, and does not answer: the tag of that call. */
async function calledBack(far: FarSide): Promise<string> {
  far.message(nested('ask', 'ask'));
  const call = (): Record<string, unknown> | undefined => far.messages.find(({ method }) => method === 'any');
  await far.until(() => call() !== undefined);
  return call()?.['id'] as string;
}

/** What a hundred thousand requests in a row have the collector put off. */
const aHundredThousand = { bytes: 96 * MiB, why: 'seconds of requests, with what the collector puts off' };

export const messageAttacks: readonly Attack[] = [
  {
    name: 'responses that nobody asked for',
    run: async (far, by) => {
      await calledBack(far);
      await by.flood(far, (i) => far.message(answer(`${i}`)));
    },
    expects: ({ messagesIn, asked, answered, violations }) => messagesIn >= MANY && asked === 1 && answered === 0 && violations >= MANY,
  },
  {
    // The first of them is the answer.
    name: 'the same response again and again',
    run: async (far, by) => {
      const tag = await calledBack(far);
      await by.flood(far, () => far.message(answer(tag)));
    },
    expects: ({ messagesIn, answered, violations }) => messagesIn >= MANY && answered === 1 && violations >= MANY,
  },
  {
    // Of a call of another link, and tags near the one that is waited for.
    name: 'spoofed tags',
    run: async (far, by) => {
      const tag = await calledBack(far);
      const others = await calledBack(await by.another());
      const tags = [others, `${tag}0`, tag.slice(0, -1), tag.toUpperCase(), ` ${tag}`, '__proto__', ''];
      await by.flood(far, (i) => far.message(answer(i % 8 === 7 ? `${tag}${i}` : (tags[i % 8] as string))));
    },
    expects: ({ messagesIn, asked, answered, violations }) => messagesIn >= MANY && asked === 1 && answered === 0 && violations >= MANY,
  },
  {
    // The victim leaves each call, says so, and is answered then.
    name: 'late responses',
    run: async (far, by) => {
      far.onMessage = ({ method, params }) => {
        if (method === '$/cancel') far.message(answer((params as { id: string }).id));
      };
      await by.flood(far, (i) => far.message(nested(i, 'leave')));
      await by.watch(far);
    },
    expects: ({ asked, failed, late }) => asked >= 20 && failed >= 20 && late >= 20,
  },
  {
    name: 'items and progress that nobody wanted',
    ends: 'served',
    run: (far, by) =>
      by.flood(far, (i) =>
        far.message({ method: i % 2 ? '$/item' : '$/progress', params: { id: `${i}`, value: i, ...(i % 2 ? { at: i } : {}) } }),
      ),
    expects: ({ unclaimed, damaged }) => unclaimed >= MANY && damaged === 0,
  },
  {
    name: 'room for items of no stream',
    run: (far, by) =>
      by.flood(far, (i) => far.message({ method: '$/more', params: { id: `${i}`, items: Number.MAX_SAFE_INTEGER, bytes: 1 } })),
    expects: ({ messagesIn, damaged }) => messagesIn >= MANY && damaged === 0,
  },
  {
    name: 'status of a hundred thousand calls',
    ms: 40_000,
    grows: aHundredThousand,
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.message({ id: `s${i}`, method: '$/status', params: { id: `${i}` } }), 100_000),
    expects: ({ said, messagesIn }) => said === 100_000 && messagesIn >= 99_000,
  },
  {
    name: 'status of calls, answers unread',
    ends: 'cut in time',
    run: (far, by) => by.floodUnread(far, (i) => far.message({ id: `s${i}`, method: '$/status', params: { id: `${i}` } })),
    expects: ({ messagesIn }) => messagesIn >= MANY,
  },
  {
    name: 'cancels of nothing',
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.message({ method: '$/cancel', params: { id: `${i}` } })),
    expects: ({ messagesIn }) => messagesIn >= MANY,
  },
  {
    name: 'requests that are cancelled at once',
    run: (far, by) =>
      by.flood(far, (i) => (far.message(request(`${i}`, 'never')), far.message({ method: '$/cancel', params: { id: `${i}` } }))),
    expects: ({ messagesIn, handled }) => messagesIn >= MANY && handled > 0,
  },
  {
    name: 'one tag for all requests',
    run: (far, by) => by.flood(far, () => far.message(nested('same', 'never'))),
    expects: ({ messagesIn, handled }) => messagesIn >= MANY && handled > 0,
  },
  {
    name: 'a hundred thousand errors',
    ms: 40_000,
    grows: aHundredThousand,
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.message(nested(i, `none${i}`)), 100_000),
    expects: ({ said, messagesIn, errors }) => said === 100_000 && messagesIn >= 99_000 && errors >= 90_000,
  },
  {
    name: 'requests that have expired',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'echo', {}, { deadline: 0, nested: true }))),
    expects: ({ messagesIn, handled, errors }) => messagesIn >= MANY && handled === 0 && errors >= 1,
  },
  {
    name: 'large answers, unread',
    ends: 'cut in time',
    run: (far, by) => by.floodUnread(far, (i) => far.message(nested(i, 'big', 1_000_000))),
    expects: ({ handled }) => handled >= 8,
  },
  {
    name: 'large answers, unread, of few requests',
    ends: 'cut in time',
    run: async (far, by) => {
      far.line.pause();
      for (let i = 0; i < 200; i++) far.message(request(`${i}`, 'big', 10_000_000));
      await by.watch(far, 3_000);
    },
    expects: ({ handled }) => handled >= 1,
  },
  {
    name: 'streams wanted, and never read',
    ends: 'cut in time',
    run: (far, by) =>
      by.floodUnread(far, (i) => far.message(request(`${i}`, 'count', {}, { wants: { items: 2 ** 50, bytes: 2 ** 50 }, nested: true }))),
    expects: ({ handled, items }) => handled >= 1 && items >= 100,
  },
  {
    // The first 64 of them have one item each, all others are refused.
    name: 'streams wanted, and no room for their items',
    ends: 'served',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'count', {}, { wants: { items: 1, bytes: 10_000 }, nested: true }))),
    expects: ({ messagesIn, handled, items, errors }) =>
      messagesIn >= MANY && handled <= 64 && items >= 1 && items <= 2 * 64 && errors >= 1,
  },
  {
    name: 'items wanted of what is no stream',
    run: (far, by) =>
      by.flood(far, (i) => far.message(request(`${i}`, 'echo', {}, { wants: { items: 2 ** 50, bytes: 2 ** 50 }, nested: true }))),
    expects: ({ handled, items }) => handled >= 1 && items === 0,
  },
  {
    name: 'notifications for no method',
    run: (far, by) => by.flood(far, () => far.message({ method: 'none', params: {} })),
    expects: ({ unclaimed }) => unclaimed >= MANY,
  },
  {
    name: 'methods of the protocol that do not exist',
    run: (far, by) => by.flood(far, (i) => far.message({ method: `$/none${i}`, params: {} })),
    expects: ({ said, bytesIn, damaged }) => said >= MANY && bytesIn >= 30 * said && damaged === 0,
  },
  {
    name: 'JSON that is nested deep',
    run: (far, by) => by.flood(far, () => far.data(`{"method":"echo","params":${deep(20_000)}}`)),
    expects: ({ damaged, handled }) => damaged >= 100 && handled === 0,
  },
  {
    name: '__proto__ keys',
    run: (far, by) =>
      by.flood(far, (i) =>
        far.data(
          `{"id":"${i}","method":"echo","params":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"nested":true}`,
        ),
      ),
    expects: ({ handled }) => handled >= MANY,
  },
  {
    name: 'huge numbers',
    run: (far, by) =>
      by.flood(far, (i) => far.data(`{"id":"${i}","method":"echo","params":[1e999,-1e999,${'9'.repeat(5000)}],"nested":true}`)),
    expects: ({ handled }) => handled >= 100,
  },
  {
    name: 'deadlines and urgencies that are none',
    run: (far, by) =>
      by.flood(far, (i) => {
        const what = [
          '"deadline":1e308',
          '"deadline":-1',
          '"deadline":0.5',
          '"urgency":1e9',
          '"urgency":"2"',
          '"wants":{"items":-1,"bytes":1e99}',
        ];
        return far.data(`{"id":"${i}","method":"echo","params":{},${what[i % what.length]},"nested":true}`);
      }),
    expects: ({ said, handled, errors }) => said >= MANY && handled === 0 && errors >= 1,
  },
  {
    name: 'invalid UTF-8',
    run: (far, by) => by.flood(far, () => far.data(Buffer.from('{"method":"echo","params":"\xc3\x28\xf0\x80"}', 'latin1'))),
    expects: ({ said, bytesIn }) => said >= MANY && bytesIn >= 30 * said,
  },
  {
    name: 'what is no message',
    run: (far, by) =>
      by.flood(far, (i) => far.data(['null', '[]', '1', '"x"', '{}', '{"id":1}', '{"id":{},"method":1}', ''][i % 8] as string)),
    expects: ({ damaged, handled }) => damaged >= MANY && handled === 0,
  },
  {
    name: 'names and tags longer than they may be',
    run: (far, by) => by.flood(far, (i) => far.message(i % 2 ? request('t'.repeat(5_000), 'echo') : nested(i, 'm'.repeat(5_000)))),
    expects: ({ said, handled, errors }) => said >= MANY && handled === 0 && errors >= 1,
  },
  {
    name: 'byte strings into __proto__',
    run: (far, by) =>
      by.flood(far, (i) => {
        const place = places[i % places.length] as string;
        const params = i % 2 ? '{"__proto__":null}' : '{"__proto__":{}}';
        sayInPieces(
          far,
          withStrings(`{"id":"${i}","method":"echo","nested":true,"params":${params},"bytes":[["${place}",4]]}`, Buffer.alloc(4)),
        );
      }),
    // The one place that is the message's own.
    expects: ({ said, handled, errors, damaged }) => said >= MANY && handled >= said / 12 && handled <= said / 8 && errors + damaged >= 1,
  },
  {
    name: 'byte strings without a place, or an end',
    run: (far, by) =>
      by.flood(far, (i) =>
        sayInPieces(
          far,
          withStrings(
            `{"id":"${i}","method":"echo","nested":true,"params":[null],"bytes":[["${'/params/0'.repeat(500)}",${2 ** 40}]]}`,
            Buffer.alloc(10),
          ),
        ),
      ),
    expects: ({ said, handled, errors, damaged }) => said >= 100 && handled === 0 && errors + damaged >= 1,
  },
  {
    name: 'as many byte strings as there may be',
    run: (far, by) => by.flood(far, () => sayInPieces(far, few)),
    expects: ({ handled }) => handled >= 20,
  },
  {
    name: 'ten thousand byte strings',
    run: (far, by) => by.flood(far, () => sayInPieces(far, many)),
    expects: ({ said, bytesIn, handled, errors, damaged }) =>
      said >= 20 && bytesIn >= said * 0.8 * many.length && handled === 0 && errors + damaged >= 1,
  },
  {
    name: 'it answers nothing that it is asked',
    run: async (far, by) => {
      for (let i = 0; i < 500; i++) far.message(request(`${i}`, 'ask'));
      await by.watch(far, 400);
    },
    expects: ({ asked, answered, requests }) => asked >= 32 && answered === 0 && requests >= 32,
  },
];
