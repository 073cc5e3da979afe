import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isConnecting } from '../transport/channels/open.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import type { Context } from './context.ts';
import { HostConsole } from './host-console.ts';
import { type ExitName } from './exit-codes.ts';
import { parseCommand } from './host-command.ts';
import { linesOf } from './input-lines.ts';
import { hostProtocols, lineOptions, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import type { Output } from './output.ts';
import { GRACE_MS, Session } from './session.ts';
import { hasHungUp, ignoreLostTerminal, standardInput } from './standard-input.ts';

/** The options of `virtagent host`, as commander has them. */
export interface RawHostOptions extends RawLineOptions {
  readonly exec?: readonly string[];
  readonly timeout?: string;
  readonly retry?: true;
}

/** Calls a guest's methods, by `--exec` or as lines say, and serves the guest meanwhile. */
export async function runHost(raw: RawHostOptions, context: Context): Promise<ExitName> {
  const line = lineOptions(raw, hostProtocols);
  const timeoutMs = secondsOption('--timeout', raw.timeout) ?? durations.callTimeout;
  const reopens = checkRetry(raw.retry, line);
  if (line.channelName === 'stdio' && raw.exec === undefined)
    invalidOption('--channel', 'stdio', 'another one without --exec: standard input has the commands');
  const commands = raw.exec?.map(parseCommand);
  // What is wrong with it is said before a line is opened.
  const input = commands === undefined ? standardInput() : undefined;
  const { err, stopping } = context;
  const log = new Log(err, line.log);
  const session = await Session.open({
    line,
    role: 'host',
    methods: commonMethods('host', line.protocol),
    reopens,
    retries: reopens && isConnecting(line.channelName),
    log,
    err,
  });
  const hostConsole = new HostConsole(session, line, timeoutMs, context);
  try {
    if (input !== undefined) await runLines(hostConsole, input, context);
    await hostConsole.runList(commands ?? []);
  } finally {
    if (stopping.signal.aborted) log.info('stopping', 'finishing what runs; once more ends at once');
    await session.end(GRACE_MS);
    log.end();
  }
  return hostConsole.exit;
}

function checkRetry(retry: true | undefined, { channelName }: LineOptions): boolean {
  if (retry === true && channelName === 'stdio') invalidOption('--channel', channelName, 'any other channel with --retry');
  return retry === true;
}

/** Runs the lines of standard input until they end, a `.quit`, a signal, or the end of the link. */
async function runLines(hostConsole: HostConsole, input: Readable, { err, out }: Context): Promise<void> {
  // Nobody reads the results any more.
  out.onGone = () => hostConsole.quit();
  hostConsole.isTerminal = process.stdin.isTTY && err.isTerminal;
  const { over } = hostConsole;
  await hostConsole.runAll(hostConsole.isTerminal ? typedLines(over, out, err) : linesOf(input, over));
}

/** Lines with a prompt. */
async function* typedLines(over: AbortSignal, out: Output, err: Output): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, output: err.stream, prompt: 'virtagent> ', terminal: true });
  ignoreLostTerminal(process.stdin);
  over.addEventListener('abort', () => lines.close(), { once: true });
  keepPrompt(lines, [out, err]);
  try {
    for await (const line of lines) {
      yield line;
      // Node refuses it to one that is closed.
      if (!over.aborted) lines.prompt();
    }
  } catch (error) {
    // Its end, as that of any other input is.
    if (!hasHungUp(process.stdin)) throw error;
  }
}

const clearLine = '\r\u001b[K';

/** Whatever is printed steps before the prompt, and what was typed stays. */
function keepPrompt(lines: Interface, outputs: Output[]): void {
  let isOpen = true;
  lines.once('close', () => {
    isOpen = false;
    process.stderr.write(clearLine);
  });
  // The terminal is in raw mode, and sends no signal of its own.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  for (const output of outputs) {
    output.around = (write) => {
      if (!isOpen) return write();
      process.stderr.write(clearLine);
      write();
      lines.prompt(true);
    };
  }
  lines.prompt();
}
