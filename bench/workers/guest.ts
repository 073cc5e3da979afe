/**
 * The end of a line inside the virtual machine: `node guest.js PORT` serves echo on a virtio-serial port until it is killed, to
 * one host after the other. Each says in its first line which contender it is, so that all are served by one warm process on
 * one port.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { virtioSerial } from '../../transport/index.ts';
import { contenders, type ContenderName } from '../contenders/index.ts';

const channel = virtioSerial(process.argv[2] as string);
for (;;) {
  const stream = await channel.open(new AbortController().signal);
  const gone = once(stream, 'close');
  const contender = contenders[(await firstLine(stream)) as ContenderName];
  await (await contender?.load())?.open(stream, 'server');
  await gone;
}

async function firstLine(stream: Duplex): Promise<string> {
  let text = '';
  while (!text.includes('\n')) {
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    text += chunk.toString('latin1');
  }
  // It waits for its answer before it says more.
  stream.pause();
  stream.removeAllListeners('data');
  Reflect.set(stream, 'readableFlowing', null);
  stream.write('ok\n');
  return text.trim();
}
