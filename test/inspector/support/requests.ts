import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Act, ActResult, InspectRecord } from '../../../inspector/records.ts';
import { serveInspector, type InspectServer, type ServeOptions } from '../../../inspector/server.ts';
import type { Viewer, Watchable } from '../../../inspector/watchable.ts';

/** A watchable that a test tells what to tell, and that notes what it is asked. */
export class FakeInspector implements Watchable {
  readonly viewers = new Set<Viewer>();
  readonly acts: Act[] = [];
  past: readonly InspectRecord[] = [{ type: 'live', of: 'near', at: 0 }];
  result: ActResult | Promise<ActResult> = { ok: true };

  watch(viewer: Viewer): { stop(): void } {
    this.viewers.add(viewer);
    viewer.take(this.past);
    return { stop: () => void this.viewers.delete(viewer) };
  }

  async act(act: Act): Promise<ActResult> {
    this.acts.push(act);
    return this.result;
  }

  tell(...records: InspectRecord[]): void {
    for (const { take } of this.viewers) take(records);
  }
}

/** An inspector that is served until the end of the test. */
export async function served(options: ServeOptions = {}): Promise<{ inspector: FakeInspector; server: InspectServer }> {
  const inspector = new FakeInspector();
  const server = await serveInspector(inspector, options);
  onTestFinished(() => server.close());
  return { inspector, server };
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks as a program does that may send any header. The path is sent as it is given. */
export async function ask({ host, port }: InspectServer, path: string, asked: Asked = {}): Promise<Answer> {
  const answer = await begin({ host, port }, path, asked);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/** The same up to the headers of the answer: its body has yet to come. */
export function begin(
  to: { host: string; port: number },
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...to, path, method, headers, agent: false }, resolve);
    asked.once('error', reject);
    asked.end(body);
  });
}

/** The path of something below the token. */
export function below({ url }: InspectServer, path = ''): string {
  return new URL(url).pathname + path;
}

/** The batches of records that a stream of events has told, as they come. */
export async function* eventsOf(answer: IncomingMessage): AsyncGenerator<InspectRecord[]> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk as string;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith('data: ')) yield JSON.parse(event.slice('data: '.length)) as InspectRecord[];
    }
  }
}
