import type { Readable } from 'node:stream';
import type { Observable } from 'rxjs';
import { expectTypeOf, test } from 'vitest';
import type { CallArguments, CallResultOf, HandlerContext, ItemOf, Peer, StreamArguments } from '../../actors/index.ts';

interface Remote {
  add(params: { a: number; b: number }): number;
  maybe(params?: { x: number }): string;
  none(): void;
  fails(): never;
  anything(): unknown;
  some(): object;
  either(): string | AsyncIterable<string>;
  lines(params: { path: string }): AsyncIterable<string>;
  later(): Promise<AsyncGenerator<number, string>>;
  observed(): Observable<{ n: number }>;
  minimal(): { subscribe(observer: { next(value: Date): void }): unknown };
  read(): Readable;
}

// Checked by the compiler; nothing here is run.
test('the items of a stream are what its iterable or its observable has', () => {
  expectTypeOf<ItemOf<Remote['lines']>>().toEqualTypeOf<string>();
  expectTypeOf<ItemOf<Remote['later']>>().toEqualTypeOf<number>();
  expectTypeOf<ItemOf<Remote['observed']>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf<ItemOf<Remote['minimal']>>().toEqualTypeOf<Date>();
  expectTypeOf<ItemOf<Remote['read']>>().toBeAny();
  expectTypeOf<ItemOf<Remote['anything']>>().toBeUnknown();
});

test('parameters are left out only where a method takes none', () => {
  const use = (peer: Peer<Remote>, { call, notify }: HandlerContext<Remote>): void => {
    expectTypeOf(peer.call('add', { a: 1, b: 2 })).resolves.toBeNumber();
    expectTypeOf(peer.stream('lines', { path: '/' }).items$).toEqualTypeOf<Observable<string>>();
    void [peer.call('maybe'), peer.call('none', undefined, { timeoutMs: 1 }), peer.notify('none'), peer.notify('maybe', { x: 1 })];
    void [peer.stream('later'), peer.stream('lines', { path: '/' }, { room: { items: 1 } }), notify('add', { a: 1, b: 2 })];
    // @ts-expect-error -- a call
    void peer.call('add');
    // @ts-expect-error -- a nested call
    void call('add');
    // @ts-expect-error -- a stream
    peer.stream('lines');
    // @ts-expect-error -- a notification
    void peer.notify('add');
    // @ts-expect-error -- of a handler
    void notify('add', { a: 1 });
    // @ts-expect-error -- a notification has no options
    void peer.notify('none', undefined, { timeoutMs: 1 });
  };
  expectTypeOf(use).toBeFunction();
});

test('what streams is not called, and what does not is not streamed', () => {
  const use = (peer: Peer<Remote>): void => {
    // @ts-expect-error -- an iterable
    void peer.call('lines', { path: '/' });
    // @ts-expect-error -- a promise of one
    void peer.call('later');
    // @ts-expect-error -- an observable
    void peer.call('observed');
    // @ts-expect-error -- a number
    peer.stream('add', { a: 1, b: 2 });
    // @ts-expect-error -- nothing
    peer.stream('none');
    // What may be either, nobody knows.
    void [peer.call('anything'), peer.call('some'), peer.call('either'), peer.call('fails')];
    void [peer.stream('anything'), peer.stream('some'), peer.stream('either'), peer.stream('fails')];
  };
  expectTypeOf(use).toBeFunction();
});

test('of a side about which nothing is known any method may be called in any way', () => {
  const use = (peer: Peer): void => {
    expectTypeOf(peer.call('x', 1)).resolves.toBeUnknown();
    expectTypeOf(peer.stream('x')).toExtend<AsyncIterable<unknown>>();
    void peer.notify('x', [1]);
  };
  expectTypeOf(use).toBeFunction();
});

test('code that is for any methods passes on what it is given', () => {
  const call = <R extends object, M extends keyof R & string>(peer: Peer<R>, name: M, ...rest: CallArguments<R[M]>) =>
    peer.call(name, ...rest);
  const stream = <R extends object, M extends keyof R & string>(peer: Peer<R>, name: M, ...rest: StreamArguments<R[M]>) =>
    peer.stream(name, ...rest);
  const use = (peer: Peer<Remote>): void => {
    expectTypeOf(call(peer, 'add', { a: 1, b: 2 })).resolves.toEqualTypeOf<CallResultOf<Remote['add']>>();
    expectTypeOf(stream(peer, 'lines', { path: '/' })).toExtend<AsyncIterable<string>>();
  };
  expectTypeOf(use).toBeFunction();
});
