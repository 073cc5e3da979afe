import { Command, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { runCall, type RawCallOptions } from './call.ts';
import type { Context } from './context.ts';
import type { ExitName } from './exit-codes.ts';
import { runGuest, type RawGuestOptions } from './guest.ts';
import { examples, exitHelp } from './help.ts';
import { runHost, type RawHostOptions } from './host.ts';
import { addLineOptions } from './line-options.ts';

/** What the action of a command came to. */
type Done = (exit: ExitName) => void;

/** The command line. Errors are thrown, none is printed here. */
export function makeProgram(context: Context, done: Done): Command {
  const program = command('virtagent', context)
    .description('Calls in both directions over one stream, with a statechart behind every job.')
    .addHelpText('after', `${examples.all}\n${exitHelp}`);
  addGuest(program.command('guest'), context, done);
  addHost(program, context, done);
  addCall(program, context, done);
  addDemo(program, context, done);
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
  addLineOptions(command.description("Serves a host: the machine's own end of the line."))
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
  addLineOptions(program.command('host').description('The other end: calls the methods of a guest, and serves it.'))
    .option('-e, --exec <command>', "run 'METHOD [JSON]' and end (repeatable, in order)", collect)
    .option('--timeout <seconds>', 'of each call, over everything (default: 60)')
    .option('--retry', 'after a lost line open another, or wait for the next guest')
    .addHelpText('after', `${examples.host}\n${exitHelp}`)
    .action(async (options: RawHostOptions) => done(await runHost(options, context)));
}

function addCall(program: Command, context: Context, done: Done): void {
  addLineOptions(program.command('call').description('Makes one call and prints its result.'))
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

function addDemo(program: Command, context: Context, done: Done): void {
  program
    .command('demo')
    .description('Shows it all: two processes that call each other, and their jobs, live.')
    .option('--once', 'end after the main job instead of staying until Ctrl-C')
    .option('--json', 'print the summary as JSON, and errors too')
    .addHelpText('after', `${examples.demo}\n${exitHelp}`)
    .action(async (options: { once?: true; json?: true }) => {
      const { runDemo } = await import('./demo.ts');
      await runDemo({ once: options.once === true, json: options.json === true }, context);
      done('ok');
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
