import { defaultManagerLimits } from '../../actors/manager-options.ts';
import { JOB_CHARGE } from '../../actors/call.ts';
import { checkPeerOptions } from '../../actors/peer-options.ts';
import { bounds } from '../../transport/channels/bounds.ts';
import { memoryPair } from '../../transport/channels/memory-pair.ts';
import { defaultLimits, leastV2Limits, qemuGaLimits, sessionBounds, v2Limits, v7Limits } from '../../transport/limits.ts';
import { protocolByName, protocolNames } from '../../transport/protocols.ts';
import { durations } from '../../transport/timers.ts';
import { membersOf } from './comments.ts';
import { amount, code, duration, page, table } from './markdown.ts';

/** docs/options.md: every table's names, defaults and texts come from the source. */
export function optionsPage(): string {
  return page('Options', 'the sources named in each section', [
    'A misspelt option, or a value that is not allowed, is refused at once with `INVALID_OPTION`, which names the option, the value and what is allowed.',
    '## Of a peer',
    'For `createPeer(options)`, and as `input` where an app invokes `peer`. Source: [actors/peer-options.ts](../actors/peer-options.ts). Those of the next section are options of a peer too.',
    peerTable(),
    '## Slots, queues and window',
    `For a peer and for \`createManager(options)\`. All may be \`Infinity\`. A peer charges a job the bytes of its frame and ${amount(JOB_CHARGE)} for what it costs here. Source: [actors/manager-options.ts](../actors/manager-options.ts).`,
    limitTable(),
    `The \`window\` of a peer is that of its protocol unless given: ${protocolNames.map((name) => `${code(name)} ${amount(protocolByName(name).window)}`).join(', ')}.`,
    '## Of a manager alone',
    table(
      ['Option', 'Meaning'],
      membersOf('actors/manager-options.ts', 'export interface ManagerOptions').map(({ name, text }) => [code(name), text]),
    ),
    '## Of one call',
    'The third argument of `call`. Source: [actors/methods.ts](../actors/methods.ts).',
    table(
      ['Option', 'Meaning'],
      membersOf('actors/methods.ts', 'export interface CallOptions').map(({ name, text }) => [code(name), text]),
    ),
    '## Of one stream',
    'The third argument of `stream`, which throws what is wrong with it. Those of a call besides, but for `onProgress`; `timeoutMs` covers all of the stream, and without one it has no deadline. Source: [actors/methods.ts](../actors/methods.ts).',
    table(
      ['Option', 'Meaning'],
      membersOf('actors/methods.ts', 'export interface StreamOptions').map(({ name, text }) => [code(name), text]),
    ),
    '## Of an inspector',
    'For `createInspector(options)`: see [inspector.md](inspector.md#in-a-program). Source: [inspector/inspector.ts](../inspector/inspector.ts).',
    table(
      ['Option', 'Meaning'],
      membersOf('inspector/inspector.ts', 'export interface InspectorOptions').map(({ name, text }) => [code(name), text]),
    ),
    '## Caps of the decoder: `limits`',
    "All are checked before memory is taken for what they cap. With `virtagent-2`, and with `auto`, which may find it, none may be less than its least in the table: the protocol's own messages would be dropped. Source: [transport/limits.ts](../transport/limits.ts).",
    decoderTable(),
    '## Numbers of virtagent-2',
    'Fixed, but for `keepMs` and `heartbeatMs`. What is announced to the other side is in [protocol.md](protocol.md#limits). Source: [transport/limits.ts](../transport/limits.ts).',
    table(
      ['Name', 'Value', 'Reason'],
      membersOf('transport/limits.ts', 'export const sessionBounds').map(({ name, text }) => [
        code(name),
        amount(sessionBounds[name as keyof typeof sessionBounds]),
        text,
      ]),
    ),
    '## Lengths of time',
    'Every timer of the package. `callTimeout` and `stallTimeout` are the defaults of `timeoutMs` and `stallTimeoutMs`; the others have no option. Source: [transport/timers.ts](../transport/timers.ts).',
    table(
      ['Name', 'Length', 'Reason'],
      membersOf('transport/timers.ts', 'export const durations').map(({ name, text }) => [
        code(name),
        duration(durations[name as keyof typeof durations]),
        text,
      ]),
    ),
    '## Numbers of the channels',
    'Fixed. Source: [transport/channels/bounds.ts](../transport/channels/bounds.ts).',
    table(['Name', 'Value', 'Reason'], channelRows()),
  ]);
}

function peerTable(): string {
  const defaults = checkPeerOptions({ stream: memoryPair()[0] });
  const shown: Readonly<Record<string, string>> = {
    protocol: code(defaults.protocol.name),
    timeoutMs: duration(defaults.timeoutMs),
    maxNestedCalls: amount(defaults.maxNestedCalls),
    maxOwedBytes: amount(defaults.maxOwedBytes),
    stallTimeoutMs: duration(defaults.stallTimeoutMs),
    retries: code(String(defaults.retries)),
    limits: 'of the protocol',
  };
  const members = membersOf('actors/peer-options.ts', 'export interface PeerOptions');
  return table(
    ['Option', 'Default', 'Meaning'],
    members.map(({ name, text }) => [code(name), shown[name] ?? '', text]),
  );
}

/** Where the source leaves it to the name. */
const meaningsByName: Readonly<Record<string, string>> = {
  maxServerJobs: 'How many requests of the other side may be unfinished here; the next is answered `BUSY`.',
  maxClientJobs: 'How many calls of this side may be unfinished; the next fails with `QUEUE_FULL`.',
  maxClientBytes: 'Bytes that all client jobs together may be charged.',
};

function limitTable(): string {
  const meanings = new Map(
    membersOf('machines/manager-context.ts', 'export interface ManagerLimits').map(({ name, text }) => [name, text]),
  );
  const reasons = membersOf('actors/manager-options.ts', 'export const defaultManagerLimits');
  return table(
    ['Option', 'Default', 'Meaning', 'Why this default'],
    reasons.map(({ name, text }) => [
      code(name),
      amount(defaultManagerLimits[name as keyof typeof defaultManagerLimits]),
      meanings.get(name) || (meaningsByName[name] ?? ''),
      text,
    ]),
  );
}

function decoderTable(): string {
  const reasonsOf = (opening: string): Map<string, string> =>
    new Map(membersOf('transport/limits.ts', opening).map(({ name, text }) => [name, text]));
  const general = reasonsOf('export const defaultLimits');
  const v2 = reasonsOf('export const v2Limits');
  const v2Least = reasonsOf('export const leastV2Limits');
  const v7 = reasonsOf('export const v7Limits');
  const qemuGa = reasonsOf('export const qemuGaLimits');
  return table(
    ['Limit', 'Default', 'virtagent-2', 'least of virtagent-2', 'v7', 'qemu-ga', 'Meaning', 'Why'],
    membersOf('transport/limits.ts', 'export interface Limits').map(({ name, text }) => {
      const key = name as keyof typeof defaultLimits;
      const reasons = Object.entries({ 'virtagent-2': v2, 'least of virtagent-2': v2Least, v7, 'qemu-ga': qemuGa });
      const why = [general.get(name), ...reasons.map(([of, texts]) => (texts.get(name) ? `${of}: ${texts.get(name)}` : ''))];
      const amounts = [defaultLimits, v2Limits, leastV2Limits, v7Limits, qemuGaLimits].map((limits) => amount(limits[key]));
      return [code(name), ...amounts, text, why.filter(Boolean).join(' ')];
    }),
  );
}

/** One of them depends on the system that runs this: it is shown as the source has it, or the page would too. */
function channelRows(): string[][] {
  return membersOf('transport/channels/bounds.ts', 'export const bounds').map(({ name, text }) => {
    const value = bounds[name as keyof typeof bounds];
    const shown = name === 'socketPathBytes' ? '107 on Linux, 103 elsewhere' : name.endsWith('Ms') ? duration(value) : amount(value);
    return [code(name), shown, text];
  });
}
