/** Attacks of who speaks virtagent-2 well, and says what nobody should: in whole messages. */
import type { Attack } from './attack.ts';
import { request, type FarSide } from './far-side.ts';

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** A message with byte strings: the length of its JSON, the JSON, and what is behind it. */
function withStrings(far: FarSide, json: string, behind: Buffer): boolean {
  const length = Buffer.byteLength(json);
  const digits = Buffer.from([0, (length >> 14) & 127, (length >> 7) & 127, length & 127]);
  return far.data(Buffer.concat([digits, Buffer.from(json), behind]), { bytes: true });
}

const answer = (id: string): object => ({ id, result: 'not asked for' });

export const messageAttacks: readonly Attack[] = [
  { name: 'responses that nobody asked for', run: (far, by) => by.flood(far, (i) => far.message(answer(`${i}`))) },
  { name: 'the same response again and again', run: (far, by) => by.flood(far, () => far.message(answer('same'))) },
  { name: 'spoofed tags', run: (far, by) => by.flood(far, (i) => far.message(answer(`abcdefgh${(i % 1000).toString(36)}`))) },
  {
    name: 'items and progress that nobody wanted',
    run: (far, by) => by.flood(far, (i) => far.message({ method: i % 2 ? '$/item' : '$/progress', params: { id: `${i}`, value: i } })),
  },
  {
    name: 'room for items of no stream',
    run: (far, by) =>
      by.flood(far, (i) => far.message({ method: '$/more', params: { id: `${i}`, items: Number.MAX_SAFE_INTEGER, bytes: 1 } })),
  },
  {
    name: 'status of a hundred thousand calls',
    run: (far, by) => by.flood(far, (i) => far.message({ id: `s${i}`, method: '$/status', params: { id: `${i}` } }), 100_000),
  },
  {
    name: 'status of calls, answers unread',
    run: (far, by) => (far.line.pause(), by.flood(far, (i) => far.message({ id: `s${i}`, method: '$/status', params: { id: `${i}` } }))),
  },
  { name: 'cancels of nothing', run: (far, by) => by.flood(far, (i) => far.message({ method: '$/cancel', params: { id: `${i}` } })) },
  {
    name: 'requests that are cancelled at once',
    run: (far, by) =>
      by.flood(far, (i) => (far.message(request(`${i}`, 'never')), far.message({ method: '$/cancel', params: { id: `${i}` } }))),
  },
  { name: 'one tag for all requests', run: (far, by) => by.flood(far, () => far.message(request('same', 'never', {}, { nested: true }))) },
  {
    name: 'a hundred thousand errors',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, `none${i}`, {}, { nested: true })), 100_000),
  },
  {
    name: 'requests that have expired',
    run: (far, by) => by.flood(far, (i) => far.message(request(`${i}`, 'echo', {}, { deadline: 0, nested: true }))),
  },
  {
    name: 'large answers, unread',
    run: (far, by) => (far.line.pause(), by.flood(far, (i) => far.message(request(`${i}`, 'big', 1_000_000, { nested: true })))),
  },
  {
    name: 'large answers, unread, of few requests',
    run: async (far, by) => {
      far.line.pause();
      for (let i = 0; i < 200; i++) far.message(request(`${i}`, 'big', 10_000_000));
      await by.watch(far, 1_500);
    },
  },
  {
    name: 'streams wanted, and never read',
    run: (far, by) =>
      by.flood(far, (i) => far.message(request(`${i}`, 'echo', {}, { wants: { items: 2 ** 50, bytes: 2 ** 50 }, nested: true }))),
  },
  { name: 'notifications for no method', run: (far, by) => by.flood(far, () => far.message({ method: 'none', params: {} })) },
  {
    name: 'methods of the protocol that do not exist',
    run: (far, by) => by.flood(far, (i) => far.message({ method: `$/none${i}`, params: {} })),
  },
  { name: 'JSON that is nested deep', run: (far, by) => by.flood(far, () => far.data(`{"method":"echo","params":${deep(20_000)}}`)) },
  {
    name: '__proto__ keys',
    run: (far, by) =>
      by.flood(far, (i) =>
        far.data(
          `{"id":"${i}","method":"echo","params":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"nested":true}`,
        ),
      ),
  },
  {
    name: 'huge numbers',
    run: (far, by) =>
      by.flood(far, (i) =>
        far.data(`{"id":"${i}","method":"echo","params":[1e999,-1e999,${'9'.repeat(5000)}],"deadline":1e308,"nested":true}`),
      ),
  },
  {
    name: 'invalid UTF-8',
    run: (far, by) => by.flood(far, () => far.data(Buffer.from('{"method":"echo","params":"\xc3\x28\xf0\x80"}', 'latin1'))),
  },
  {
    name: 'what is no message',
    run: (far, by) =>
      by.flood(far, (i) => far.data(['null', '[]', '1', '"x"', '{}', '{"id":1}', '{"id":{},"method":1}', ''][i % 8] as string)),
  },
  {
    name: 'names and tags longer than they may be',
    run: (far, by) =>
      by.flood(far, (i) =>
        far.message(i % 2 ? request('t'.repeat(5_000), 'echo') : request(`${i}`, 'm'.repeat(5_000), {}, { nested: true })),
      ),
  },
  {
    name: 'byte strings into __proto__',
    run: (far, by) =>
      by.flood(far, (i) =>
        withStrings(
          far,
          `{"id":"${i}","method":"echo","nested":true,"params":{"__proto__":null},"bytes":[["/params/__proto__",4],["/__proto__/polluted",0],["/constructor/prototype/polluted",0]]}`,
          Buffer.alloc(4),
        ),
      ),
  },
  {
    name: 'byte strings without a place, or an end',
    run: (far, by) =>
      by.flood(far, (i) =>
        withStrings(
          far,
          `{"id":"${i}","method":"echo","nested":true,"params":[null],"bytes":[["${'/params/0'.repeat(500)}",${2 ** 40}]]}`,
          Buffer.alloc(10),
        ),
      ),
  },
  {
    name: 'ten thousand byte strings',
    run: (far, by) =>
      by.flood(far, (i) =>
        withStrings(
          far,
          `{"id":"${i}","method":"echo","nested":true,"params":[${Array(5_000).fill('null').join()}],"bytes":[${Array.from({ length: 5_000 }, (_, n) => `["/params/${n}",0]`).join()}]}`,
          Buffer.alloc(0),
        ),
      ),
  },
  {
    name: 'it answers nothing that it is asked',
    run: async (far, by) => {
      for (let i = 0; i < 500; i++) far.message(request(`${i}`, 'ask'));
      await by.watch(far, 400);
    },
  },
];
