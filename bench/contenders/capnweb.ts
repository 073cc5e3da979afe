/** capnweb with a transport of its documented interface: it encodes to strings, we carry each as a line, one write a message. */
import type { Duplex } from 'node:stream';
import { RpcSession, RpcTarget, type RpcTransport } from 'capnweb';
import type { Contender, Params } from './contender.ts';
import { onLine } from './lines.ts';

class Echo extends RpcTarget {
  echo(params: Params): Params {
    return params;
  }
}

/** Received messages wait for `receive()`, or it for them. */
class LineTransport implements RpcTransport {
  readonly #stream: Duplex;
  readonly #lines: string[] = [];
  #taker: ((line: string) => void) | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    onLine(stream, (line) => {
      const taker = this.#taker;
      if (taker === undefined) this.#lines.push(line);
      this.#taker = undefined;
      taker?.(line);
    });
  }

  send(message: string): void {
    this.#stream.write(`${message}\n`);
  }

  receive(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => (this.#taker = resolve));
  }
}

export const capnweb: Contender = {
  how: 'RpcSession over an RpcTransport of lines, one write a message; await stub.echo(params)',
  open(stream) {
    const stub = new RpcSession<Echo>(new LineTransport(stream), new Echo()).getRemoteMain();
    // Results without stubs in them need not be disposed: nothing of them stays in the session.
    return { call: async (params) => stub.echo(params) };
  },
};
