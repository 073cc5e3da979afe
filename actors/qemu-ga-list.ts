/** A command of an agent, as `guest-info` lists it. */
export interface Command {
  readonly enabled: boolean;
  /** Whether it is answered when it succeeds; where not, only an error is told. */
  readonly answers: boolean;
}

/** More than any agent has; QEMU 9 has some fifty. */
const MOST_COMMANDS = 1024;
const LONGEST_NAME = 256;

/** Commands that are not answered when they succeed, for an agent that gives no list. */
const silent: ReadonlySet<string> = new Set(['guest-shutdown', 'guest-suspend-disk', 'guest-suspend-ram', 'guest-suspend-hybrid']);

export function isSilentByName(method: string): boolean {
  return silent.has(method);
}

/** Whether file systems are frozen behind that command: it changes which others are enabled. Undefined for any other. */
export function changesList(method: string): 'frozen' | 'thawed' | undefined {
  if (method === 'guest-fsfreeze-thaw') return 'thawed';
  return method === 'guest-fsfreeze-freeze' || method === 'guest-fsfreeze-freeze-list' ? 'frozen' : undefined;
}

/** The result of `guest-info`, or undefined where there is no list in it that can be used. Its sender is not trusted. */
export function readList(info: unknown): ReadonlyMap<string, Command> | undefined {
  const listed = (info as { supported_commands?: unknown } | null | undefined)?.supported_commands;
  if (!Array.isArray(listed)) return undefined;
  const commands = new Map<string, Command>();
  for (const entry of listed.slice(0, MOST_COMMANDS) as unknown[]) {
    const { name, enabled, 'success-response': answers } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || name.length > LONGEST_NAME) continue;
    commands.set(name, { enabled: enabled !== false, answers: typeof answers === 'boolean' ? answers : !silent.has(name) });
  }
  return commands;
}
