/**
 * A promise that a signal can end early. `start` returns how to undo what it began, which is called when the
 * signal aborts first; after the promise is settled nothing of it stays on the signal.
 */
export function abortable<Value>(
  signal: AbortSignal,
  start: (resolve: (value: Value) => void, reject: (error: unknown) => void) => () => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let undo = (): void => {};
    const onAbort = (): void => {
      undo();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    const fail = (error: unknown): void => {
      settled();
      reject(error);
    };
    try {
      undo = start((value) => {
        settled();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Waits for what others share, such as a server's start: an abort ends the waiting, not the work. */
export function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return abortable<Value>(signal, (resolve, reject) => {
    work.then(resolve, reject);
    return () => {};
  });
}

/** A closed handle is gone after the event loop's close phase: the second immediate comes after one. */
export async function handlesClosed(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
