import { once } from 'node:events';
import { createServer } from 'node:net';

/** The system gives whoever asks for any port one of 32768 to 60999, at random: to another test, one that was let go just now. */
const first = 10_000;
const count = 20_000;

/** Each process begins at a place of its own, and goes on from there: test files run at the same time. */
let next = process.pid * 16;

/** A port that nobody listens at, and that stays so until somebody listens at it by its number. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % count);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
