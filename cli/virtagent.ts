#!/usr/bin/env node
import { CommanderError } from 'commander';
import { VirtagentError } from '../actors/index.ts';
import { exitCodes, exitNameOf, signalExits, type ExitName } from './exit-codes.ts';
import { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { Stopping } from './stopping.ts';

const argv = process.argv.slice(2);
const isJson = argv.includes('--json');
const out = new Output(process.stdout, { mayDrop: false });
const err = new Output(process.stderr, { mayDrop: true });
const stopping = new Stopping();

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    reportError(error, err, isJson);
    process.exit(exitCodes.internal.code);
  });
}

const exit = await run();
// What is left is to write what was printed, and that is no reason to hold a signal up.
stopping[Symbol.dispose]();
await out.flush();
const name = out.failure === undefined ? exit : failedOutput(out.failure);
await err.flush();
process.exit(exitCodes[name].code);

async function run(): Promise<ExitName> {
  let exit: ExitName = 'ok';
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
  return isStopped && stopping.name !== undefined ? signalExits[stopping.name] : exitNameOf(error);
}

function failedOutput(error: Error): ExitName {
  err.line(`virtagent: OUTPUT_FAILED: standard output: ${error.message}`);
  return 'internal';
}
