/** What the sections of the bench have in common. */
import type { ContenderName } from './contenders/index.ts';
import type { Crew, Worker } from './crew.ts';
import type { PeerTasks } from './workers/peer.ts';
import type { Workshop } from './workshop.ts';

/** What a section works with. */
export interface Bench {
  readonly crew: Crew;
  readonly workshop: Workshop;
  readonly rounds: number;
  readonly windowMs: number;
  /** Fewer and smaller, for who changes the code and wants a first look. */
  readonly quick: boolean;
  /** Those among `names` that were chosen. */
  readonly chosen: (names: readonly ContenderName[]) => ContenderName[];
  /** One more of the section's steps is done. */
  readonly step: () => void;
}

/** A column of a table: its heading, and how its numbers are written. */
export interface Column {
  readonly name: string;
  readonly show?: (value: number) => string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What the reader has to know. */
  readonly notes?: readonly string[];
}

/** What a section found. */
export interface Report {
  readonly tables: readonly Table[];
  /** The figures that targets are about, by name. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Section {
  readonly title: string;
  /** How often it calls `step`. */
  readonly steps: (bench: Bench) => number;
  readonly run: (bench: Bench) => Promise<Report>;
}

/** How long code runs before it is measured: V8 has compiled ours after about a second, and that of smaller packages before. */
export const WARM_UP_MS = 1000;

/** Both ends of a contender's line, each in its process. */
export interface Pair {
  readonly client: Worker<PeerTasks>;
  readonly server: Worker<PeerTasks>;
  readonly how: string;
  end(): void;
}

/** Starts both ends, checks that an echo is one, and warms them up; both ways where that is wanted. */
export async function openPair({ crew, workshop }: Bench, contender: ContenderName, bothWays = false): Promise<Pair> {
  const path = workshop.socket();
  const script = workshop.script('workers/peer.ts');
  const server = crew.worker<PeerTasks>(script, 'server', `server of ${contender}`);
  const client = crew.worker<PeerTasks>(script, 'client', `client of ${contender}`);
  await server.ask('listen', { contender, path });
  const [how] = await Promise.all([client.ask('open', { contender, path }), server.ask('open', { contender, path })]);
  for (const end of bothWays ? [client, server] : [client]) {
    await end.ask('check', undefined);
    await end.ask('echo', { inFlight: 5, bytes: 100, windowMs: WARM_UP_MS });
  }
  const end = (): void => {
    client.end();
    server.end();
  };
  return { client, server, how, end };
}
