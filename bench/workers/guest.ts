/** The end of a line inside the virtual machine: `node guest.js CONTENDER PORT` serves echo on a virtio-serial port until it is killed. */
import { virtioSerial } from '../../transport/index.ts';
import { contenders, type ContenderName } from '../contenders/index.ts';

const [name, port] = process.argv.slice(2) as [ContenderName, string];
const { open } = await contenders[name].load();
await open(await virtioSerial(port).open(new AbortController().signal), 'server');
