import { createInterface, type Interface } from 'node:readline';
import { isConnecting } from '../transport/channels/open.ts';
import { invalidOption } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import type { Context } from './context.ts';
import { HostConsole } from './host-console.ts';
import { type ExitName } from './exit-codes.ts';
import { parseCommand } from './host-command.ts';
import { hostProtocols, lineOptions, secondsOption, type LineOptions, type RawLineOptions } from './line-options.ts';
import { Log } from './log.ts';
import { commonMethods } from './methods-common.ts';
import { endError, GRACE_MS, Session } from './session.ts';

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
    if (commands === undefined) await runLines(hostConsole, session, context);
    else await hostConsole.runList(commands);
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
async function runLines(hostConsole: HostConsole, session: Session, { err, out, stopping }: Context): Promise<void> {
  const isTerminal = process.stdin.isTTY && err.isTerminal;
  const lines = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: err.stream, prompt: 'virtagent> ', terminal: true } : { terminal: false }),
  });
  if (isTerminal) keepPrompt(lines, [out, err]);
  hostConsole.isTerminal = isTerminal;
  const quit = (): void => lines.close();
  hostConsole.onQuit = quit;
  // Nobody reads the results any more.
  out.onGone = quit;
  stopping.signal.addEventListener('abort', quit, { once: true });
  let isOver = false;
  void session.ended().then((reason) => {
    if (isOver) return;
    hostConsole.fail(endError(reason));
    quit();
  });
  await hostConsole.runAll(lines);
  isOver = true;
}

const clearLine = '\r\u001b[K';

/** Whatever is printed steps before the prompt, and what was typed stays. */
function keepPrompt(lines: Interface, outputs: Context['out'][]): void {
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
