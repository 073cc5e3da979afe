import type { IncomingMessage } from 'node:http';

/** The body of a request: its value, or why there is none. Undefined: the one who sent it has gone. */
export type Body = { readonly value: unknown } | 'too-large' | 'no-json' | undefined;

/** Reads a body of JSON of at most `most` bytes. What is larger is not read to its end. Never rejects. */
export async function readBody(request: IncomingMessage, most: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > most) return 'too-large';
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > most) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { value: JSON.parse(text) as unknown };
  } catch {
    return 'no-json';
  }
}
