import { Model } from '../inspector/model.ts';
import { recordsVersion, type InspectRecord } from '../inspector/records.ts';
import { inspectorAddress, watchRemote } from '../inspector/remote.ts';
import { VirtagentError } from '../transport/errors.ts';
import type { Context } from './context.ts';
import { liveScreen } from './live-screen.ts';
import type { Output } from './output.ts';
import { ignoreLostTerminal } from './standard-input.ts';
import { jsonLine, oneLine } from './text.ts';
import { snapshotOf, type Snapshot } from './top-snapshot.ts';
import { topLines } from './top-text.ts';

/** The options of `virtagent top`, as commander has them. */
export interface RawTopOptions {
  readonly inspect?: string;
  readonly once?: true;
  readonly json?: true;
}

/** A picture a second: a serial console writes 80 by 24 characters in less, from 38400 baud on. */
const DRAW_MS = 1000;

/** How long `--once` waits for the agent. */
const ONCE_MS = 10_000;

/** What a table needs of the past is little. */
const modelLimits = { jobs: 5_000, pathSteps: 50_000, stepsOfOne: 200, logSteps: 1_000, messages: 1, messageCharacters: 1_000 };

/** Shows an agent's slots, queues, rates and jobs, until q, a signal, or with `--once` once. */
export async function runTop({ inspect, once, json }: RawTopOptions, { out, err, stopping }: Context): Promise<void> {
  if (inspect === undefined) missing();
  const address = inspectorAddress('--inspect', inspect);
  const top = new Top(json === true ? jsonScreen(out) : out.isTerminal && once !== true ? drawnScreen(out) : plainScreen(out));
  const over = deferred();
  const watching = watchRemote(address, {
    take(records) {
      const version = foreignVersion(records);
      if (version !== undefined) return over.reject(otherVersion(address, version));
      top.take(records);
      if (once === true && top.isLive) over.resolve();
    },
    lost(reason, isFinal) {
      top.trouble = `${address.host}: ${reason}`;
      if (isFinal) over.reject(new VirtagentError('CHANNEL_REFUSED', top.trouble));
    },
  });
  const timer = setInterval(() => once === true || top.draw(), DRAW_MS);
  const late = once === true ? setTimeout(() => over.reject(notThere(top)), ONCE_MS) : undefined;
  const keys = once === true ? undefined : quitKeys(() => stopping.stop());
  stopping.signal.addEventListener('abort', () => over.resolve(), { once: true });
  out.onGone = () => over.resolve();
  if (!out.isTerminal && once !== true && json !== true) err.line(`virtagent: watching ${address.host}; Ctrl-C ends it`);
  try {
    await over.promise;
    if (!stopping.signal.aborted) top.draw();
  } finally {
    clearInterval(timer);
    clearTimeout(late);
    keys?.end();
    watching.stop();
    top.end();
  }
}

function deferred(): { readonly promise: Promise<void>; resolve(): void; reject(error: unknown): void } {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

function missing(): never {
  throw new VirtagentError('INVALID_OPTION', '--inspect is missing; it takes the address that an agent with --inspect printed');
}

function notThere({ trouble }: Top): VirtagentError {
  return new VirtagentError('CHANNEL_REFUSED', trouble ?? 'the agent told nothing in time');
}

function otherVersion({ host }: URL, version: number): VirtagentError {
  const message = `${host} tells records of version ${version}; this is version ${recordsVersion}`;
  return new VirtagentError('PROTOCOL_MISMATCH', message);
}

function foreignVersion(records: readonly InspectRecord[]): number | undefined {
  const head = records.find(({ type }) => type === 'head');
  return head?.type === 'head' && head.version !== recordsVersion ? head.version : undefined;
}

/** What is known, and when it was drawn last. */
class Top {
  trouble: string | undefined;
  isLive = false;
  readonly #screen: Screen;
  #model = new Model(modelLimits);
  #before: Snapshot | undefined;
  /** The agent's time, and ours when it was told. */
  #heard = { theirs: 0, ours: performance.now() };

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  take(records: readonly InspectRecord[]): void {
    this.trouble = undefined;
    for (const record of records) {
      if (record.of !== 'near') continue;
      if (record.type === 'head') this.#before = undefined;
      if (record.type === 'live') this.isLive = true;
      this.#model.add(record);
    }
    this.#heard = { theirs: this.#model.side('near')?.last ?? 0, ours: performance.now() };
  }

  draw(): void {
    const now = this.trouble === undefined ? this.#heard.theirs + performance.now() - this.#heard.ours : this.#heard.theirs;
    const snapshot = snapshotOf(this.#model, now, this.#before);
    if (snapshot === undefined) return this.#screen.wait(this.trouble ?? 'connecting');
    if (this.trouble === undefined) this.#before = snapshot;
    this.#screen.show(snapshot, this.trouble);
  }

  end(): void {
    this.#screen.end();
  }
}

interface Screen {
  wait(why: string): void;
  show(snapshot: Snapshot, trouble: string | undefined): void;
  end(): void;
}

function drawnScreen(out: Output): Screen {
  const screen = liveScreen(out);
  return {
    wait: (why) => screen.draw([oneLine(why, 200), '', 'q ends it.']),
    show(snapshot, trouble) {
      // The last column is left free: a console may break the line after it.
      const { columns, rows } = screen.size;
      screen.draw(topLines(snapshot, trouble, { columns: columns - 1, rows: rows - 1 }));
    },
    end: () => screen.end(),
  };
}

/** Without a terminal: a snapshot after the other. */
function plainScreen(out: Output): Screen {
  return {
    wait: onChange((why) => out.line(why)),
    show(snapshot, trouble) {
      for (const line of topLines(snapshot, trouble, { columns: 120, rows: 50 })) out.line(line);
      out.line('');
    },
    end() {},
  };
}

function jsonScreen(out: Output): Screen {
  return {
    wait: onChange((trouble) => out.line(jsonLine({ time: new Date().toISOString(), trouble }))),
    show: (snapshot, trouble) => out.line(jsonLine({ time: new Date().toISOString(), ...snapshot, trouble })),
    end() {},
  };
}

/** Says why nothing can be shown yet, once for each reason. */
function onChange(say: (why: string) => void): (why: string) => void {
  let last: string | undefined;
  return (why) => {
    if (why !== last) say(oneLine(why, 200));
    last = why;
  };
}

/** On a terminal q ends it, without Enter; so does Ctrl-C, which a terminal in raw mode sends as a character. */
function quitKeys(quit: () => void): { end(): void } {
  const { stdin } = process;
  if (!stdin.isTTY) return { end() {} };
  const take = (keys: Buffer): void => {
    if (keys.includes('q') || keys.includes(3)) quit();
  };
  ignoreLostTerminal(stdin);
  stdin.setRawMode(true);
  stdin.on('data', take);
  return {
    end() {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
