import { Command, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { runCall, type RawCallOptions } from './call.ts';
import type { Context } from './context.ts';
import type { RawCopyOptions } from './copy.ts';
import type { RawExecOptions } from './exec.ts';
import { runGuest, type RawGuestOptions } from './guest.ts';
import { examples, exitHelp } from './help.ts';
import { addViewOptions, type RawInspectOptions } from './inspect-options.ts';
import type { Exit } from './main.ts';
import type { RawReplayOptions } from './replay.ts';
import type { RawTopOptions } from './top.ts';
import { runHost, type RawHostOptions } from './host.ts';
import { addLineOptions, guestProtocols, hostProtocols, isOfSessions } from './line-options.ts';

/** What the action of a command came to. */
type Done = (exit: Exit) => void;

/** The command line. Errors are thrown, none is printed here. */
export function makeProgram(context: Context, done: Done): Command {
  const program = command('virtagent', context)
    .description('Calls in both directions over one stream, with a statechart behind every job.')
    // What follows exec's COMMAND is the command's.
    .enablePositionalOptions()
    .addHelpText('after', `${examples.all}\n${exitHelp}`);
  addGuest(program.command('guest'), context, done);
  addHost(program, context, done);
  addCall(program, context, done);
  addCopy(program, context, done);
  addExec(program, context, done);
  addDemo(program, context, done);
  addTop(program, context, done);
  addReplay(program, context, done);
  addDiagram(program, context, done);
  // Commander shows the help of all in place of one that there is not.
  program.on('beforeHelp', ({ error }: { error: boolean }) => {
    const [word, name] = program.args;
    if (error && word === 'help' && name !== undefined) program.error(`unknown command '${name}'`);
  });
  return program;
}

/** The command line of the guest's own file: that of `virtagent guest`. */
export function makeGuestProgram(context: Context, done: Done): Command {
  const program = command('guest.js', context);
  addGuest(program, context, done);
  return program;
}

function command(name: string, { out, err }: Context): Command {
  return new Command(name)
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.line(text.trimEnd()),
      writeErr: (text) => err.line(text.trimEnd()),
      outputError: () => {},
    })
    .showSuggestionAfterError();
}

function addGuest(command: Command, context: Context, done: Done): void {
  addLineOptions(command.description("Serves a host: the machine's own end of the line."), guestProtocols)
    .option('--allow-read <dir>', 'let getfile read regular files below DIR (repeatable)', collect)
    .option('--allow-write <dir>', 'let putfile write regular files below DIR (repeatable)', collect)
    .option('--allow-shutdown <command>', 'let shutdown run COMMAND MODE, without a shell')
    .option('--retry', 'with a connecting channel: try again, with growing pauses, and after a lost line')
    .option('--ping-host <seconds>', 'call ping of the host that often')
    .addHelpText('after', `${examples.guest}\n${exitHelp}`)
    .action(async (options: RawGuestOptions) => {
      await runGuest(options, context);
      done('ok');
    });
}

function addHost(program: Command, context: Context, done: Done): void {
  addLineOptions(program.command('host').description('The other end: calls the methods of a guest, and serves it.'), hostProtocols)
    .option('-e, --exec <command>', "run 'METHOD [JSON]' and end (repeatable, in order)", collect)
    .option('--timeout <seconds>', 'of each call, over everything (default: 60)')
    .option('--retry', 'after a lost line open another, or wait for the next guest')
    .addHelpText('after', `${examples.host}\n${exitHelp}`)
    .action(async (options: RawHostOptions) => done(await runHost(options, context)));
}

function addCall(program: Command, context: Context, done: Done): void {
  addLineOptions(program.command('call').description('Makes one call and prints its result.'), hostProtocols)
    .argument('<method>', 'the method to call')
    .argument('[json]', 'its parameters; - reads them from standard input')
    .option('--timeout <seconds>', 'over everything, connecting included (default: 60)')
    .addOption(new Option('--role <name>', 'host calls a guest, guest calls a host').default('host'))
    .addHelpText('after', `${examples.call}\n${exitHelp}`)
    .action(async (method: string, json: string | undefined, options: RawCallOptions) => {
      await runCall(method, json, options, context);
      done('ok');
    });
}

function addCopy(program: Command, context: Context, done: Done): void {
  addLineOptions(
    program.command('copy').description('Copies a file from the guest or to it; guest:PATH is the side in the guest.'),
    hostProtocols,
  )
    .argument('<src>', 'PATH or guest:PATH; - is standard input')
    .argument('<dst>', 'guest:PATH or PATH, or a directory; - is standard output')
    .option('--timeout <seconds>', 'of each piece, over everything (default: 60)')
    .option('--piece <bytes>', 'bytes of each piece (default: grows while round trips stay short)')
    .option('--keep-mode', 'give the copy the permissions of the file')
    .option('--retry', 'after a lost line open another, and go on')
    .addHelpText('after', `${examples.copy}\n${exitHelp}`)
    .action(async (source: string, target: string, options: RawCopyOptions) => {
      const { runCopy } = await import('./copy.ts');
      await runCopy(source, target, options, context);
      done('ok');
    });
}

function addExec(program: Command, context: Context, done: Done): void {
  const exec = program.command('exec').description("Runs a command in a guest by QEMU's guest agent, and ends as it did.");
  addLineOptions(exec, ['auto', 'qemu-ga'])
    .argument('<command>', 'the program, after --')
    .argument('[args...]', 'its arguments')
    .option('--timeout <seconds>', 'wait no longer for the end of the command (default: no limit)')
    .option('--env <name=value>', "one variable of the command's environment (repeatable; default: the agent's)", collect)
    .option('--no-stdin', 'give the command no input (default: standard input, to its end, unless it is a terminal)')
    .option('--stream', 'print output as it comes, by way of temporary files in the guest')
    .passThroughOptions()
    .addHelpText('after', `${examples.exec}\n${exitHelp}`)
    .action(async (command: string, args: readonly string[], options: RawExecOptions) => {
      const { runExec } = await import('./exec.ts');
      done(await runExec([command, ...args], options, context));
    });
  for (const option of exec.options) if (isOfSessions(option.long)) option.hideHelp();
}

function addDemo(program: Command, context: Context, done: Done): void {
  const command = program
    .command('demo')
    .description('Shows it all: two processes that call each other, and their jobs, live.')
    .option('--once', 'end after the main job instead of staying until Ctrl-C')
    .option('--json', 'print the summary as JSON, and errors too');
  addViewOptions(command)
    .option('--no-inspect', 'without the inspector, which else is there unless --once or --json is given')
    .addHelpText('after', `${examples.demo}\n${exitHelp}`)
    .action(async ({ once, json, ...inspect }: { once?: true; json?: true } & RawInspectOptions) => {
      const { runDemo } = await import('./demo.ts');
      await runDemo({ once: once === true, json: json === true, inspect }, context);
      done('ok');
    });
}

function addTop(program: Command, context: Context, done: Done): void {
  program
    .command('top')
    .description("Shows an agent's slots, queues, rates and jobs, live, on any terminal.")
    .option('--inspect <address>', 'what an agent with --inspect printed: http://HOST:PORT/TOKEN/')
    .option('--once', 'print one snapshot and end')
    .option('--json', 'print snapshots as JSON, a line each, and errors too')
    .addHelpText('after', `${examples.top}\n${exitHelp}`)
    .action(async (options: RawTopOptions) => {
      const { runTop } = await import('./top.ts');
      await runTop(options, context);
      done('ok');
    });
}

function addReplay(program: Command, context: Context, done: Done): void {
  program
    .command('replay')
    .description("Shows a recording on the inspector's page, as if its agents were there.")
    .argument('<file>', 'what --record has written')
    .option('--inspect <address>', 'serve it at HOST:PORT (default: any free port of 127.0.0.1)')
    .option('--json', 'logs and errors on stderr as JSON, a line each')
    .addHelpText('after', `${examples.replay}\n${exitHelp}`)
    .action(async (file: string, options: RawReplayOptions) => {
      const { runReplay } = await import('./replay.ts');
      await runReplay(file, options, context);
      done('ok');
    });
}

function addDiagram(program: Command, context: Context, done: Done): void {
  program
    .command('diagram')
    .description('Prints a statechart, drawn from the machine that is run; without CHART the names of all.')
    .argument('[chart]', 'which one')
    .addOption(new Option('--format <name>', 'mermaid, or svg: a picture that needs nothing else').default('mermaid'))
    .addHelpText('after', `${examples.diagram}\n${exitHelp}`)
    .action(async (chart: string | undefined, options: { format: string }) => {
      const { runDiagram } = await import('./diagram.ts');
      await runDiagram(chart, options, context);
      done('ok');
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
