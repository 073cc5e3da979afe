import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Driver } from './driver.ts';

const scripts = join(import.meta.dirname, 'scripts');
const operation = /^(execute|send_server|callback_server|send_client|callback_client) \S+/;
const counts = { valid: 100, cancel: 100, syncexec: 75 } as const;

/** A run's operations, one list for each command. */
function steps(lines: readonly string[]): string[][] {
  const all: string[][] = [[]];
  for (const line of lines.map((one) => one.trim())) {
    if (line.startsWith('#')) all.push([]);
    else if (operation.test(line)) all.at(-1)?.push(line);
  }
  all.pop();
  return all;
}

function replay(script: string): string[][] {
  const lines: string[] = [];
  const driver = new Driver((line) => lines.push(line));
  for (const line of script.trimEnd().split('\n')) driver.line(line);
  return steps(lines);
}

/** What has to agree: README.md beside this file. */
function comparable(run: readonly string[][]) {
  const inOrder = (kind: RegExp): string[] => run.flat().filter((line) => kind.test(line));
  return { executes: inOrder(/^execute/), sends: inOrder(/^send_/), commands: run.map((step) => step.toSorted()) };
}

describe.each(Object.entries(counts))('%s', (folder, count) => {
  const read = (name: string): string => readFileSync(join(scripts, folder, name), 'utf8');
  const names = readdirSync(join(scripts, folder)).filter((name) => name.endsWith('.in'));

  test('all scripts are here', () => {
    expect(names).toHaveLength(count);
  });

  test.each(names)('%s', (name) => {
    const recorded = steps(read(name.replace(/\.in$/, '.out')).split('\n'));
    expect(comparable(replay(read(name)))).toEqual(comparable(recorded));
  });
});

test('a command that is none is refused', () => {
  expect(() => replay('server_explode a')).toThrow('unknown command');
});
