import { once } from 'node:events';
import { isaSerial } from '../../../transport/channels/isa-serial.ts';

// Opens the port, leaves a write waiting and what comes unread, closes, and has nothing more to do.
const channel = isaSerial(process.argv[2] as string);
const line = await channel.open(new AbortController().signal);
line.write(Buffer.alloc(4 * 1024 * 1024), () => {});
await new Promise((resolve) => setTimeout(resolve, 50));
line.destroy();
await once(line, 'close');
await channel.close();
process.stdout.write('closed\n');
