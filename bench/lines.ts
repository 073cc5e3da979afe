/**
 * Section lines: the lines that QEMU gives, a virtio-serial port inside a virtual machine and a pseudo-terminal, each against a
 * bare JSON-lines echo on the same line through the same channel.
 *
 * Traps: the guest runs under software emulation, thirty to sixty times slower than a machine of its own, so its part of a call
 * weighs that much more than anywhere else, and takes half a minute to be compiled: each contender keeps one warm line. The
 * machine is not pinned. A pseudo-terminal made by socat has a third process in the middle.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { portNames, type Agent } from '../scripts/vm/agents.ts';
import { Vm } from '../scripts/vm/boot.ts';
import { vmImage } from '../scripts/vm/image.ts';
import { findProgram, vmPrograms } from '../scripts/vm/programs.ts';
import type { ContenderName } from './contenders/index.ts';
import type { Worker } from './crew.ts';
import { count, digits, times } from './format.ts';
import { WARM_UP_MS, type Bench, type Section, type Table } from './section.ts';
import { inTurn, Series } from './statistics.ts';
import type { PeerTasks } from './workers/peer.ts';

const able: readonly ContenderName[] = ['jsonrpc-lines', 'floor'];

const loads = [
  { name: '1 in flight', inFlight: 1, bytes: 100 },
  { name: '64 in flight', inFlight: 64, bytes: 100 },
  { name: '4 in flight x 16 KiB', inFlight: 4, bytes: 16 * 1024 },
] as const;

/** Somewhere to run both ends of a line. */
interface Place {
  readonly title: string;
  /** How long each contender is called, 64 calls at a time, before the first round. */
  readonly warmUpMs: number;
  /** Puts one contender on both ends of a line of its own; gives the client. */
  open(contender: ContenderName): Promise<Worker<PeerTasks>>;
  end(): Promise<void>;
}

/** Why a place can't be had on this machine. */
interface Missing {
  readonly title: string;
  readonly missing: string;
}

const places: readonly ((bench: Bench) => Promise<Place | Missing>)[] = [virtioSerial, pseudoTerminal];

export const lines: Section = {
  title: 'lines: virtio-serial inside a virtual machine, and a pseudo-terminal',

  steps: ({ chosen, rounds }) => chosen(able).length * places.length * (rounds * loads.length + 1),

  async run(bench) {
    const tables: Table[] = [];
    const figures: Record<string, number> = {};
    for (const find of places) {
      const place = await find(bench);
      if ('missing' in place) {
        tables.push({ title: place.title, columns: [{ name: 'not measured' }], rows: [[place.missing]] });
        continue;
      }
      const series = new Series();
      try {
        await measure(bench, place, series);
      } finally {
        await place.end();
      }
      tables.push(...loads.map((load) => table(bench, place.title, load, series)));
      const ratio = (load: string, what: string): number => series.ratio(`${load}: jsonrpc-lines ${what}`, `${load}: floor ${what}`);
      figures[`${place.title}, 1 in flight, p50 against the bare floor`] = ratio('1 in flight', 'p50');
      figures[`${place.title}, 64 in flight, calls/s against the bare floor`] = ratio('64 in flight', 'calls/s');
      figures[`${place.title}, 4 in flight x 16 KiB, calls/s against the bare floor`] = ratio('4 in flight x 16 KiB', 'calls/s');
    }
    return { tables, figures };
  },
};

async function measure(bench: Bench, place: Place, series: Series): Promise<void> {
  const clients = new Map<ContenderName, Worker<PeerTasks>>();
  for (const contender of bench.chosen(able)) {
    const client = await place.open(contender);
    clients.set(contender, client);
    await client.ask('check', undefined);
    await client.ask('echo', { inFlight: 64, bytes: 100, windowMs: place.warmUpMs });
    for (const { inFlight, bytes } of loads) await client.ask('echo', { inFlight, bytes, windowMs: WARM_UP_MS });
    bench.step();
  }
  for (let round = 0; round < bench.rounds; round++) {
    for (const { name, inFlight, bytes } of inTurn(loads, round)) {
      for (const [contender, client] of inTurn([...clients], round)) {
        const { callsPerSecond, p50, p99 } = await client.ask('echo', { inFlight, bytes, windowMs: bench.windowMs });
        series.add(`${name}: ${contender} calls/s`, callsPerSecond);
        series.add(`${name}: ${contender} p50`, p50);
        series.add(`${name}: ${contender} p99`, p99);
        bench.step();
      }
    }
  }
}

function table({ chosen }: Bench, title: string, load: (typeof loads)[number], series: Series): Table {
  return {
    title: `${title}, ${load.name}${load.bytes === 100 ? ', 100 bytes' : ''}`,
    columns: [
      { name: 'contender' },
      { name: 'calls/s', show: count },
      { name: 'p50 µs', show: digits },
      { name: 'p99 µs', show: digits },
      { name: 'MiB/s each way', show: digits },
      { name: '× floor', show: times },
    ],
    rows: chosen(able).map((contender) => {
      const rate = series.median(`${load.name}: ${contender} calls/s`);
      return [
        contender,
        rate,
        series.median(`${load.name}: ${contender} p50`),
        series.median(`${load.name}: ${contender} p99`),
        (rate * load.bytes) / 1024 / 1024,
        series.ratio(`${load.name}: ${contender} calls/s`, `${load.name}: floor calls/s`),
      ];
    }),
  };
}

/** The guest serves, the host calls: the host's end is QEMU's socket. Each contender has a port of the same device. */
async function virtioSerial({ crew, workshop, quick }: Bench): Promise<Place | Missing> {
  const title = 'virtio-serial';
  const missing = missingOf(...vmPrograms);
  if (missing !== undefined) return { title, missing };
  const image = await vmImage((text) => console.error(text));
  const ends = { 'jsonrpc-lines': portNames.agent, floor: portNames.spare };
  const agents = Object.entries(ends).map(([name, port]): Agent => ({ name, command: `node /agent/guest.js ${name} ${port}` }));
  const vm = await Vm.boot({ image, agents, files: { 'guest.js': await workshop.bundle('guest.ts') } });
  return {
    title,
    warmUpMs: quick ? 5000 : 25_000,
    async open(contender) {
      const client = crew.worker<PeerTasks>(workshop.script('workers/peer.ts'), 'client', `host of ${contender}`);
      const path = contender === 'floor' ? vm.sockets.spare : vm.sockets.agent;
      await client.ask('openLine', { contender, line: { channel: 'unix-connect', path }, side: 'client' });
      return client;
    },
    end: () => vm.end(),
  };
}

/** Both ends open a pseudo-terminal as a serial port. */
async function pseudoTerminal({ crew, workshop }: Bench): Promise<Place | Missing> {
  const title = 'pseudo-terminal';
  const missing = missingOf('socat');
  if (missing !== undefined) return { title, missing };
  return {
    title,
    warmUpMs: WARM_UP_MS,
    async open(contender) {
      const paths = [workshop.socket(), workshop.socket()] as const;
      const socat = crew.program(
        'socat',
        paths.map((path) => `pty,raw,echo=0,link=${path}`),
      );
      await until(() => paths.every((path) => existsSync(path)), socat);
      const script = workshop.script('workers/peer.ts');
      const opening = (['server', 'client'] as const).map(async (side, index) => {
        const worker = crew.worker<PeerTasks>(script, side, `${side} of ${contender}`);
        await worker.ask('openLine', { contender, line: { channel: 'isa-serial', path: paths[index] }, side });
        return worker;
      });
      const [, client] = (await Promise.all(opening)) as [Worker<PeerTasks>, Worker<PeerTasks>];
      return client;
    },
    end: async () => crew.end(),
  };
}

function missingOf(...programs: readonly string[]): string | undefined {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(', ')}: npm run setup:system installs it`;
}

async function until(isSo: () => boolean, child: ChildProcess): Promise<void> {
  while (!isSo()) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    await pause(10);
  }
}
