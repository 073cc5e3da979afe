// npm run vm: a machine with our agents in it, and calls both ways over its lines.
import { parseArgs } from 'node:util';
import { Output } from '../../cli/output.ts';
import { Stopping } from '../../cli/stopping.ts';
import { portNames, qemuGaAgent, type Agent } from './agents.ts';
import { Vm, type Sockets } from './boot.ts';
import { cacheFolder } from './cache.ts';
import { vmImage } from './image.ts';
import { LiveLine, type LineSpec } from './live-line.ts';
import { liveScreen, type LiveScreen } from './live-screen.ts';
import { run } from './run.ts';

const help = `Usage: npm run vm -- [options]

Boots a virtual machine under QEMU's software emulation: Debian's kernel, busybox, this Node, our guest agent on two
virtio-serial ports and on a serial port, and qemu-ga. Connects the host's side of two lines and shows the calls that go
both ways. The others are free: commands to try are printed. Ctrl-C ends all of it.

Options:
  --once      end as soon as every connected line has carried calls in both directions
  --json      print what happens as lines of JSON
  -h, --help  print this

What is built is kept in ${cacheFolder()}
(or in the folder that VIRTAGENT_VM_CACHE names). It takes QEMU and a few programs more: npm run setup:system`;

const out = new Output(process.stdout, { mayDrop: false });
const err = new Output(process.stderr, { mayDrop: true });
process.exitCode = await main().catch((error: unknown) => {
  err.line(`vm: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
await Promise.all([out.flush(), err.flush()]);
process.exit();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    out.line(help);
    return 0;
  }
  using stopping = new Stopping();
  const isJson = values.json === true;
  const say = (text: string): void => (isJson ? out.line(JSON.stringify({ event: 'progress', text })) : out.line(text));
  const begun = performance.now();
  const image = await vmImage(say);
  say('building the agent: dist/guest.js');
  await run(process.execPath, ['scripts/build.mjs']);
  if (stopping.signal.aborted) return 0;
  say('booting');
  const vm = await Vm.boot({ image, agents: agents(), files: { 'guest.js': 'dist/guest.js' } });
  try {
    if (isJson) out.line(JSON.stringify({ event: 'booted', sockets: vm.sockets, console: vm.console }));
    else out.line(toTry(vm.sockets, vm.console));
    return await show(vm, stopping.signal, { isJson, once: values.once === true, begun });
  } finally {
    await vm.end();
  }
}

/** Until a signal comes, the machine ends, or, with `once`, all lines have carried calls both ways. */
async function show(
  vm: Vm,
  signal: AbortSignal,
  { isJson, once, begun }: { isJson: boolean; once: boolean; begun: number },
): Promise<number> {
  let screen: LiveScreen | undefined;
  let done: (code: number) => void = () => {};
  const isDone = new Promise<number>((resolve) => (done = resolve));
  const lines = connected(vm.sockets).map(
    (spec) =>
      new LiveLine(spec, (call) => {
        screen?.call(call);
        if (once && lines.every((line) => line.out.calls > line.out.failed && line.in.calls > 0)) done(0);
      }),
  );
  screen = liveScreen(out, lines, isJson);
  if (signal.aborted) done(0);
  signal.addEventListener('abort', () => done(0), { once: true });
  let isOver = false;
  void vm.ended.then((why) => {
    if (!isOver) err.line(`vm: ${why}`);
    done(1);
  });
  // Nobody reads it any more.
  out.onGone = () => done(0);
  const code = await isDone;
  isOver = true;
  screen.end();
  for (const line of lines) line.end();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const sums = lines.map(({ spec, out: made, in: taken }) => `${spec.name} ${made.calls} → and ${taken.calls} ←`).join(', ');
  if (!isJson) out.line(`ended after ${seconds} s; calls: ${sums}`);
  return code;
}

function command(path: string, channel: string, protocol: string): string {
  return `node /agent/guest.js --channel ${channel} --path ${path} --protocol ${protocol} --allow-read / --allow-write /tmp --ping-host 1 --retry`;
}

function agents(): Agent[] {
  const spare = command(portNames.spare, 'virtio-serial', 'virtagent-2').replace('--ping-host 1 ', '');
  return [
    { name: 'agent', command: command(portNames.agent, 'virtio-serial', 'virtagent-2') },
    { name: 'serial', command: command('/dev/ttyS1', 'isa-serial', 'virtagent-2') },
    { name: 'spare', command: spare },
    qemuGaAgent,
  ];
}

function connected({ agent, serial }: Sockets): LineSpec[] {
  return [
    { name: 'virtio-serial', protocol: 'virtagent-2', path: agent },
    { name: 'isa-serial', protocol: 'virtagent-2', path: serial },
  ];
}

function toTry({ agent, serial, spare, qemuGa, qmp }: Sockets, console: string): string {
  const virtagent = 'node dist/virtagent.js';
  const line = (path: string, protocol: string): string => `--channel qemu-chardev --path ${path} --protocol ${protocol}`;
  return `
The host's end of its lines, as sockets of QEMU:
  ${agent}  virtio-serial ${portNames.agent}, virtagent-2: connected below
  ${serial}  isa-serial /dev/ttyS1, virtagent-2: connected below
  ${spare}  virtio-serial ${portNames.spare}, virtagent-2: free
  ${qemuGa}  qemu-ga: free
  ${qmp}  QEMU's monitor: free
The guest's console is in ${console}. In another terminal, try

  ${virtagent} call capabilities ${line(spare, 'virtagent-2')}
  ${virtagent} host ${line(spare, 'virtagent-2')} --qmp ${qmp}
  ${virtagent} copy guest:/usr/bin/qemu-ga /tmp/ ${line(spare, 'virtagent-2')}
  ${virtagent} call guest-get-osinfo ${line(qemuGa, 'qemu-ga')}
  ${virtagent} exec ${line(qemuGa, 'qemu-ga')} -- sh -c 'uname -a; agent list'
`;
}
