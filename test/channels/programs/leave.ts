import { stdioChannel } from '../../../transport/channels/index.ts';

// Leaves while its peer neither reads nor ends; with much left to write if told so.
const line = await stdioChannel().open(new AbortController().signal);
line.resume();
if (process.argv[2] === 'writing') line.write(Buffer.alloc(8 * 1024 * 1024));
line.write('leaving\n');
setImmediate(() => {
  line.destroy();
  console.log('a stray print');
});
line.on('close', () => process.stderr.write('closed\n'));
