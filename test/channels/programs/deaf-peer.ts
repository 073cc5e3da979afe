import { stdioChannel } from '../../../transport/channels/index.ts';

// Writes for ever to a peer that does not read any more, and reports how the line takes it.
const line = await stdioChannel().open(new AbortController().signal);
line.on('close', () => {
  const error = line.errored as NodeJS.ErrnoException | null;
  process.stderr.write(`closed ${error?.code}\n`);
  console.log('a stray print');
  console.log('and another');
  setImmediate(() => process.stderr.write('alive\n'));
});
const write = (): void => {
  if (!line.destroyed) line.write('x'.repeat(1000), () => setImmediate(write));
};
write();
