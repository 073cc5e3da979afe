import { stdioChannel } from '../../../transport/channels/index.ts';

// Writes as much as it may, and notes when it has been told to wait for a hundred turns, and when it may go on.
const line = await stdioChannel().open(new AbortController().signal);
let written = 0;
let idle = 0;
let said = false;
line.on('drain', () => {
  idle = 0;
  if (said) line.destroy();
  if (said) process.stderr.write('drain\n');
});
const turn = (): void => {
  if (line.destroyed) return;
  while (!line.writableNeedDrain) {
    line.write(Buffer.alloc(1000));
    written += 1000;
  }
  idle += 1;
  if (idle === 100) process.stderr.write(written < 2_000_000 ? 'waiting\n' : `too much: ${written}\n`);
  if (idle === 100) said = true;
  setImmediate(turn);
};
turn();
