import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** What the far end says before anything else, up to its newline; it waits for an answer before it says more. The stream is left at rest. */
export async function firstLine(stream: Duplex): Promise<string> {
  let text = '';
  stream.resume();
  while (!text.includes('\n')) {
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    text += chunk.toString('latin1');
  }
  stream.pause();
  // A later 'data' listener is to start the flow, as on a fresh stream.
  Reflect.set(stream, 'readableFlowing', null);
  return text.trim();
}
