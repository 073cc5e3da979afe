/**
 * The end of a line inside the virtual machine: `node guest.js PORT` serves echo on a virtio-serial port until it is killed, to
 * one host after the other. Each says in its first line which contender it is, so that all are served by one warm process on
 * one port.
 */
import { once } from 'node:events';
import { virtioSerial } from '../../transport/index.ts';
import { firstLine } from '../first-line.ts';
import { contenders, type ContenderName } from '../contenders/index.ts';

const channel = virtioSerial(process.argv[2] as string);
for (;;) {
  const stream = await channel.open(new AbortController().signal);
  const gone = once(stream, 'close');
  const { open } = await contenders[(await firstLine(stream)) as ContenderName].load();
  stream.write('ready\n');
  await open(stream, 'server');
  await gone;
}
