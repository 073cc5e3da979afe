import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { mermaidOf } from '../../diagrams/mermaid.ts';
import { chartPages } from '../../scripts/docs/charts.ts';

const diagrams = chartPages().map(
  ([path, text]) => [path, (/```mermaid\n([\s\S]*?)\n```/.exec(text) as RegExpExecArray)[1] as string] as const,
);

/**
 * The part of Mermaid's grammar for state diagrams that is used: ids of word characters that are no keywords, and labels
 * without its separators (`:` and `;` end a label, `%%` and a leading `#` begin a comment).
 */
const id = String.raw`(?!(?:state|note|end|class|classDef|default|direction|scale|hide)\b)\w+`;
const lines = [
  /^stateDiagram-v2$/,
  new RegExp(String.raw`^ +\[\*\] --> ${id}$`),
  new RegExp(String.raw`^ +${id} --> \[\*\]$`),
  new RegExp(String.raw`^ +state "[\w ]+" as ${id}(?: \{)?$`),
  / +\}$/,
  new RegExp(String.raw`^ +${id} --> ${id}(?: : (?:(?!%%)[\w ,/()[\]-])+)?$`),
];

test.each(diagrams)('%s keeps to the syntax that every renderer takes', (_, diagram) => {
  expect(diagram.split('\n').filter((line) => !lines.some((known) => known.test(line)))).toEqual([]);
  expect(diagram.split('{').length).toBe(diagram.split('}').length);
});

test.each(diagrams)('%s declares each state once, and draws no arrow to another', (_, diagram) => {
  const declared = [...diagram.matchAll(/ as (\w+)/g)].map(([, name]) => name as string);
  expect(new Set(declared).size).toBe(declared.length);
  const used = [...diagram.matchAll(/(\w+) --> (\w+)/g)].flatMap(([, from, to]) => [from as string, to as string]);
  expect(used.filter((name) => !declared.includes(name))).toEqual([]);
  for (const name of declared) expect(diagram).toMatch(new RegExp(String.raw`--> ${name}\b|state "\w+" as ${name} \{`));
});

test('a nested chart is drawn with its parents, markers, guards and actions; what changes no state is left out', () => {
  const machine = createMachine({
    initial: 'idle',
    on: { RESET: '.idle' },
    states: {
      idle: {
        on: { GO: [{ guard: 'may', target: 'work.first', actions: ['note', { type: 'take', params: { slot: 'a' } }] }, {}], STAY: {} },
      },
      work: {
        initial: 'first',
        on: { STOP: 'over' },
        states: { first: { on: { STOP: '#over', HALT: '#over' } }, second: { always: { target: 'first', actions: 'turn' } } },
      },
      over: { id: 'over', type: 'final' },
    },
  });
  expect(mermaidOf(machine.root).split('\n')).toEqual([
    'stateDiagram-v2',
    '  [*] --> idle',
    '  state "idle" as idle',
    '  state "work" as work {',
    '    [*] --> work_first',
    '    state "first" as work_first',
    '    state "second" as work_second',
    '  }',
    '  state "over" as over',
    '  idle --> work_first : GO [may] / note, take(a)',
    '  work --> over : STOP',
    '  work --> idle : RESET',
    '  work_first --> over : STOP, HALT',
    '  work_second --> work_first : / turn',
    '  over --> [*]',
  ]);
});
