// A channel on two named pipes in place of a port (TO FROM), left in the state WHAT: the process is to end by itself, or with 7.
import { constants, openSync } from 'node:fs';
import { virtioSerialOn } from '../../../transport/channels/virtio-serial-channel.ts';
import { DescriptorPort } from '../../../transport/channels/virtio-serial-device.ts';
import { realClock } from '../../../transport/timers.ts';

const [to = '', from = '', what = ''] = process.argv.slice(2);
const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
// Held open by itself, so that writing waits for a reader that never comes.
const port = new DescriptorPort(openSync(to, O_RDONLY | O_NONBLOCK), openSync(from, O_RDWR | O_NONBLOCK));
const channel = virtioSerialOn({ clock: realClock, open: () => port }, 'org.virtagent.0');
const controller = new AbortController();
const opening = channel.open(controller.signal);
const [state, end] = what.split('-');

const finish = (): void => {
  if (end === 'exit') process.exit(7);
  if (end === 'close') void channel.close();
  if (end === 'abort') controller.abort(new Error('enough'));
};
opening.catch(() => {});
if (state === 'away') setImmediate(finish);
else {
  const line = await opening;
  line.on('error', () => {}).resume();
  if (state === 'pending') line.write(Buffer.alloc(1_000_000));
  setImmediate(() => {
    if (end !== 'exit') line.destroy();
    setImmediate(finish);
  });
}
