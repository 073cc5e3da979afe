#!/usr/bin/env node
import { CommanderError } from 'commander';
import { VirtagentError } from '../actors/index.ts';
import { execExitNameOf, exitCodes, exitNameOf, signalExits, type ExitName } from './exit-codes.ts';
import { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { Stopping } from './stopping.ts';

const argv = process.argv.slice(2);
const isExec = argv[0] === 'exec';
// What comes after it is a guest's command.
const ownArguments = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
const isJson = ownArguments.includes('--json');
const out = new Output(process.stdout, { mayDrop: false });
const err = new Output(process.stderr, { mayDrop: true });
const stopping = new Stopping();

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    reportError(error, err, isJson);
    process.exit(exitCodes[isExec ? 'execFailed' : 'internal'].code);
  });
}

const exit = await run();
// What is left is to write what was printed, and that is no reason to hold a signal up.
stopping[Symbol.dispose]();
await out.flush();
const name = out.failure === undefined ? exit : failedOutput(out.failure);
await err.flush();
process.exit(typeof name === 'number' ? name : exitCodes[name].code);

async function run(): Promise<ExitName | number> {
  let exit: ExitName | number = 'ok';
  const program = makeProgram({ out, err, stopping }, (name) => (exit = name));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): ExitName {
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

function failedOutput(error: Error): ExitName {
  err.line(`virtagent: OUTPUT_FAILED: standard output: ${error.message}`);
  return isExec ? 'execFailed' : 'internal';
}
