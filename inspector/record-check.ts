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
});

const linkStates: readonly LinkState[] = ['closed', 'connecting', 'greeting', 'up', 'finishing', 'down', 'waiting', 'ended'];

const finite: Check = (value) => Number.isFinite(value);
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
const numbers = list(finite, most.list);
const wholes = list(whole, most.list);
const counts = list(count, most.list);

/** An object with those members, each as it should be. Further ones, which another version may have, are let be. */
function shape(members: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(members);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    entries.every(([member, check]) => check((value as Readonly<Record<string, unknown>>)[member]));
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
const both =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.every((check) => check(value));

const moment = shape({ of: oneOf('near', 'far'), at: finite });

const methods = list(shape({ name, params: optional((value) => typeof value === 'object' && value !== null) }), most.methods);

const checks: Readonly<Record<InspectRecord['type'], Check>> = {
  head: shape({
    version: count,
    epoch: finite,
    agent: shape({ name: text(most.text), version: name, pid: optional(count), role: optional(name), protocol: optional(name) }),
    charts: list(chart, most.charts),
    payloads: yesOrNo,
    control: yesOrNo,
    methods: optional(methods),
    serves: optional(methods),
  }),
  job: shape({
    job: whole,
    chart: name,
    tag: name,
    method: optional(name),
    class: oneOf('server', 'client'),
    urgency: oneOf(0, 1, 2),
    bytes: count,
    state: optional(name),
  }),
  steps: both(shape({ after: numbers, jobs: wholes, edges: counts }), sameLength('after', 'jobs', 'edges')),
  end: shape({
    job: whole,
    outcome: oneOf('value', 'error', 'cancelled', 'timed-out', 'line-lost', 'send-failed'),
    known: oneOf('not-sent', 'refused', 'perhaps-executed', 'executed'),
    code: optional(name),
  }),
  counts: both(shape({ edges: counts, taken: counts }), sameLength('edges', 'taken')),
  gauges: shape({
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
  message: shape({ direction: oneOf('in', 'out'), message: name, tag: optional(name), bytes: count, value: anything }),
  'left-out': shape({ jobs: count, steps: count, why: oneOf('ring', 'rate'), oneIn: finite }),
  live: anything,
  gone: shape({ reason: text(most.text) }),
};

/**
 * What somebody else wrote, as a record: undefined where it is none that this version knows. Whoever shows it still has to escape its
 * texts; their lengths, and those of all lists, are bounded.
 */
export function recordFrom(value: unknown): InspectRecord | undefined {
  if (!moment(value)) return undefined;
  const { type } = value as { readonly type?: unknown };
  const check = typeof type === 'string' && Object.hasOwn(checks, type) ? checks[type as InspectRecord['type']] : undefined;
  return check?.(value) === true ? (value as InspectRecord) : undefined;
}
