import { once } from 'node:events';
import { unixListen } from '../../../transport/channels/index.ts';

// At the word of its starter, tries to listen at the given path; says how that went, and listens until stdin ends.
const path = process.argv[2] ?? '';
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const channel = unixListen(path);
process.stdout.write(
  await channel.listen().then(
    () => 'listening\n',
    (error: { code: string }) => `${error.code}\n`,
  ),
);
process.stdin.resume();
await once(process.stdin, 'end');
await channel.close();
