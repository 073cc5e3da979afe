import { CommanderError, type Command } from 'commander';
import { VirtagentError } from '../actors/index.ts';
import type { Context } from './context.ts';
import { execExitNameOf, exitCodes, exitNameOf, signalExits, type ExitName } from './exit-codes.ts';
import { reasonOf } from './errno.ts';
import { outputFailure } from './local-failure.ts';
import { Output } from './output.ts';
import { reportError } from './report-error.ts';
import { Stopping } from './stopping.ts';
import { letGoOfLostTerminals } from './lost-terminal.ts';

/** What a process ends with: a row of the table, or the status of a guest's command. */
export type Exit = ExitName | number;

/** Makes the command line of a program; what its action came to is told to `done`. */
export type MakeProgram = (context: Context, done: (exit: Exit) => void) => Command;

/** Runs a command line to its end and ends the process: its outputs, signals, errors and exit codes. */
export async function main(make: MakeProgram, argv: readonly string[]): Promise<never> {
  // What comes after it is a guest's command.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  // One with a value is an error, and who wrote it reads JSON.
  const isJson = own.some((word) => word === '--json' || word.startsWith('--json='));
  const isExec = argv[0] === 'exec';
  const out = new Output(process.stdout, { mayDrop: false });
  const err = new Output(process.stderr, { mayDrop: true });
  const stopping = new Stopping();
  letGoOfLostTerminals();
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      reportError(error, err, isJson);
      process.exit(exitCodes[isExec ? 'execFailed' : 'internal'].code);
    });
  }
  const exit = await run(make, argv, { out, err, stopping }, isJson);
  // What is left is to write what was printed, and that is no reason to hold a signal up.
  stopping[Symbol.dispose]();
  await out.flush();
  if (out.failure !== undefined) reportError(outputFailure('standard output', reasonOf(out.failure)), err, isJson);
  const end = out.failure === undefined ? exit : isExec ? 'execFailed' : 'internal';
  await err.flush();
  process.exit(typeof end === 'number' ? end : exitCodes[end].code);
}

async function run(make: MakeProgram, argv: readonly string[], context: Context, isJson: boolean): Promise<Exit> {
  let exit: Exit = 'ok';
  const program = make(context, (name) => (exit = name));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    return failed(error, context, isJson, argv[0] === 'exec');
  }
}

function failed(error: unknown, { err, stopping }: Context, isJson: boolean, isExec: boolean): ExitName {
  if (error instanceof CommanderError) {
    // Help and the version are thrown too; help that nobody asked for stands for an error.
    if (error.exitCode === 0) return 'ok';
    if (error.code === 'commander.help') return 'usage';
  }
  reportError(error, err, isJson);
  const isStopped = error instanceof VirtagentError && error.code === 'CANCELLED' && error.remote === undefined;
  if (isStopped && stopping.name !== undefined) return signalExits[stopping.name];
  return isExec ? execExitNameOf(error) : exitNameOf(error);
}
