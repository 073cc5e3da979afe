import type { CallOptions, HandlerContext } from '../../actors/index.ts';

/** What the handlers of a link did. */
export interface Deeds {
  handled: number;
  asked: number;
  answered: number;
  failed: number;
  items: number;
}

export const noDeeds = (): Deeds => ({ handled: 0, asked: 0, answered: 0, failed: 0, items: 0 });

type Call = (method: string, params: unknown, options?: CallOptions) => Promise<unknown>;
type Handler = (params?: unknown, context?: HandlerContext) => unknown;

const never = (): Promise<never> => new Promise(() => {});
const most = 10_000_000;

/** What a victim serves on one link. `call`: a call of its own, which needs credit. */
export function victimMethods(deeds: Deeds, call: Call): Record<string, Handler> {
  const ask = async (made: Promise<unknown>): Promise<unknown> => {
    deeds.asked++;
    try {
      const answer = await made;
      deeds.answered++;
      return answer;
    } catch (error) {
      deeds.failed++;
      throw error;
    }
  };
  const nested = (context: HandlerContext | undefined, options?: CallOptions): Promise<unknown> =>
    (context?.call as unknown as Call | undefined)?.('any', {}, options) ?? never();
  const methods: Record<string, Handler> = {
    echo: (params) => params,
    never,
    big: (size) => {
      const bytes = typeof size === 'number' ? size : ((size as { x?: number } | undefined)?.x ?? 1_000_000);
      return { text: 'x'.repeat(Math.min(bytes, most)) };
    },
    /** Asks the side that asks. */
    ask: (_params, context) => ask(nested(context)),
    /** The same, and does not wait for the answer. */
    leave: (_params, context) => {
      const leaving = new AbortController();
      const asked = ask(nested(context, { signal: leaving.signal }));
      setImmediate(() => leaving.abort());
      return asked;
    },
    /** Asks without being waited for. */
    call: () => {
      ask(call('any', {})).catch(() => {});
      return 'asked';
    },
    count: async function* count() {
      for (let n = 0; ; n++) {
        deeds.items++;
        yield { n, text: 'x'.repeat(1_000) };
      }
    },
  };
  const counted =
    (handler: Handler): Handler =>
    (params, context) => {
      deeds.handled++;
      return handler(params, context);
    };
  return Object.fromEntries(Object.entries(methods).map(([name, handler]) => [name, counted(handler)]));
}
