import { once } from 'node:events';
import { stdioChannel } from '../../../transport/channels/index.ts';

// Answers after its peer has ended.
const line = await stdioChannel().open(new AbortController().signal);
let heard = '';
line.on('data', (chunk: Buffer) => (heard += chunk.toString()));
await once(line, 'end');
line.write(`heard ${heard}; writable ${line.writable}\n`);
line.end('bye\n');
await once(line, 'close');
process.stderr.write('closed\n');
