import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.ts';
import { consoleHelp } from '../../cli/host-command.ts';
import { makeProgram } from '../../cli/program.ts';
import { tableOf, textOf } from '../docs/pages.ts';
import { plain } from '../docs/pages.ts';

const page = 'docs/cli.md';
const program = makeProgram({} as never, () => {});

test('the table of exit codes is the one of the code', () => {
  const documented = tableOf(page, 'Code', 'Meaning').map(([code, meaning]) => ({ code: Number(code), meaning }));
  expect(documented).toEqual(Object.values(exitCodes));
});

test('every command and every option is documented where it belongs, and no other', () => {
  const sections = new Map(
    textOf(page)
      .split(/^## /m)
      .map((section) => [section.split('\n')[0], section]),
  );
  const shared = optionsIn(sections.get('Options of the line'));
  expect(tableOf(page, 'Command').map(([command]) => plain(command).split(' ')[1])).toEqual(program.commands.map((one) => one.name()));
  for (const command of program.commands) {
    const own = optionsIn(sections.get(command.name()));
    const all = optionsOf(command);
    const hasLine = all.includes('--channel <name>');
    expect([command.name(), ...(hasLine ? shared : []), ...own]).toEqual([command.name(), ...all]);
  }
});

test('what the console takes is documented', () => {
  for (const [command] of consoleHelp.matchAll(/^\.\w+/gm)) expect(textOf(page)).toContain(`\`${command}\``);
});

function optionsOf(command: Command): string[] {
  return command.options.map(({ flags }) => flags.replace(/^-\w, /, ''));
}

function optionsIn(section: string | undefined): string[] {
  return [...(section ?? '').matchAll(/^\| (?:`-\w`, )?`(--[^`]+)`/gm)].map(([, flags]) => flags as string);
}
