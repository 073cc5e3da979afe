import type { LinkState } from '../machines/link.ts';
import type { InspectRecord } from './records.ts';

/** What may stand where: false for what may not. */
type Check = (value: unknown) => boolean;

/** What an agent tells is smaller by far; what is larger comes from somebody who means harm. */
const most = Object.freeze({
  text: 2_000,
  name: 300,
  list: 200_000,
  charts: 200,
  states: 2_000,
  edges: 20_000,
  actions: 200,
  methods: 5_000,
  counters: 200,
  /** Milliseconds of a side: some three hundred years. Numbers far beyond it have no room for a millisecond. */
  ms: 1e13,
  /** Milliseconds since 1970 that are a date. */
  epoch: 8.64e15,
});

/** How much of what is not looked into is let be: levels of it, and characters that it has as JSON, roughly. */
interface Room {
  readonly depth: number;
  readonly characters: number;
}
const roomFor = Object.freeze({
  message: { depth: 16, characters: 400_000 },
  params: { depth: 64, characters: 40_000 },
  further: { depth: 8, characters: 1_000 },
}) satisfies Readonly<Record<string, Room>>;

const linkStates: readonly LinkState[] = ['closed', 'connecting', 'greeting', 'up', 'finishing', 'down', 'waiting', 'ended'];

const finite: Check = (value) => Number.isFinite(value);
const time: Check = (value) => finite(value) && Math.abs(value as number) <= most.ms;
const date: Check = (value) => finite(value) && Math.abs(value as number) <= most.epoch;
const whole: Check = (value) => Number.isSafeInteger(value);
const count: Check = (value) => whole(value) && (value as number) >= 0;
const yesOrNo: Check = (value) => typeof value === 'boolean';
const anything: Check = () => true;
const text =
  (longest: number): Check =>
  (value) =>
    typeof value === 'string' && value.length <= longest;
const name = text(most.name);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
/** Infinity, which JSON writes as null. */
const countless: Check = (value) => value === null || value === Infinity || count(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check, longest: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= longest && value.every(check);
const times = list(time, most.list);
const wholes = list(whole, most.list);
const counts = list(count, most.list);

/** Anything that has no more than that: what is nested without end can't be written as JSON again, nor shown. */
function within({ depth, characters }: Room): Check {
  return (value) => {
    let left = characters;
    const fits = (one: unknown, levels: number): boolean => {
      left -= typeof one === 'string' ? one.length : 4;
      if (typeof one !== 'object' || one === null) return left >= 0;
      if (levels === 0) return false;
      for (const [name, inner] of Object.entries(one)) {
        left -= Array.isArray(one) ? 0 : name.length;
        if (left < 0 || !fits(inner, levels - 1)) return false;
      }
      return left >= 0;
    };
    return fits(value, depth);
  };
}

const further = within(roomFor.further);

/** An object with those members, each as it should be. Further ones, which another version may have, are let be if they are small. */
function shape(members: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(members);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    entries.every(([member, check]) => check((value as Readonly<Record<string, unknown>>)[member])) &&
    Object.entries(value).every(([member, one]) => Object.hasOwn(members, member) || further(one));
}

/** What a kind of record consists of. */
interface RecordShape {
  readonly members: Readonly<Record<string, Check>>;
  /** Asked when each member is as it should be. */
  readonly fits: Check;
}

const state = shape({
  path: name,
  parent: optional(name),
  type: oneOf('atomic', 'compound', 'final'),
  description: optional(text(most.text)),
});
const edge = shape({ from: optional(name), to: name, event: name, guard: optional(name), actions: list(name, most.actions) });
const chart = shape({
  name,
  isJob: yesOrNo,
  states: list(state, most.states),
  edges: list(edge, most.edges),
  firstEdge: count,
  standing: optional(counts),
});
const held = shape({ count, bytes: count });
const counters: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length <= most.counters &&
  Object.entries(value).every(([key, number]) => name(key) && finite(number));
const sameLength =
  (...lists: readonly string[]): Check =>
  (value) =>
    new Set(lists.map((member) => (value as Record<string, readonly unknown[]>)[member]?.length)).size === 1;
const moment: Readonly<Record<string, Check>> = { type: anything, of: oneOf('near', 'far'), at: time };
const record = (members: Readonly<Record<string, Check>>, fits = anything): RecordShape => ({ members: { ...moment, ...members }, fits });

const params: Check = (value) => typeof value === 'object' && value !== null && within(roomFor.params)(value);
const methods = list(shape({ name, params: optional(params) }), most.methods);

const shapes: Readonly<Record<InspectRecord['type'], RecordShape>> = {
  head: record({
    version: count,
    epoch: date,
    agent: shape({ name: text(most.text), version: name, pid: optional(count), role: optional(name), protocol: optional(name) }),
    charts: list(chart, most.charts),
    payloads: yesOrNo,
    control: yesOrNo,
    methods: optional(methods),
    serves: optional(methods),
  }),
  job: record({
    job: whole,
    chart: name,
    tag: name,
    method: optional(name),
    class: oneOf('server', 'client'),
    urgency: oneOf(0, 1, 2),
    bytes: count,
    state: optional(name),
  }),
  steps: record({ after: times, jobs: wholes, edges: counts }, sameLength('after', 'jobs', 'edges')),
  end: record({
    job: whole,
    outcome: oneOf('value', 'error', 'cancelled', 'timed-out', 'line-lost', 'send-failed'),
    known: oneOf('not-sent', 'refused', 'perhaps-executed', 'executed'),
    code: optional(name),
  }),
  counts: record({ edges: counts, taken: counts }, sameLength('edges', 'taken')),
  gauges: record({
    link: optional(oneOf(...linkStates)),
    jobs: count,
    send: shape({ slots: countless, taken: count, waiting: count }),
    execute: shape({ slots: countless, taken: finite, parked: count, waiting: count }),
    server: held,
    client: held,
    credit: optional(shape({ requests: countless, bytes: countless })),
    paused: yesOrNo,
    counters,
  }),
  message: record({
    direction: oneOf('in', 'out'),
    message: name,
    tag: optional(name),
    bytes: count,
    value: within(roomFor.message),
  }),
  'left-out': record({ jobs: count, steps: count, why: oneOf('ring', 'rate'), oneIn: finite }),
  live: record({}),
  gone: record({ reason: text(most.text) }),
};

/**
 * What somebody else wrote, as a record: undefined where it is none that this version knows. What another version has in it besides is left
 * out. Whoever shows it still has to escape its texts; their lengths, those of all lists, and how deep anything is nested are bounded.
 */
export function recordFrom(value: unknown): InspectRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type } = value as { readonly type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return undefined;
  const { members, fits } = shapes[type as InspectRecord['type']];
  const isRight = Object.entries(members).every(([member, check]) => check((value as Readonly<Record<string, unknown>>)[member]));
  if (!isRight || !fits(value)) return undefined;
  const known = Object.entries(value).filter(([member]) => Object.hasOwn(members, member));
  return (known.length === Object.keys(value).length ? value : Object.fromEntries(known)) as InspectRecord;
}
