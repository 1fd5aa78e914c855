/**
 * The items of `source`; `done` is called once, when they have come to their end, failed, or were
 * given up by `return`, even if none was ever asked for (a generator's `finally` would not run then).
 */
export function withEnd<T>(source: AsyncIterable<T>, done: () => void): AsyncIterableIterator<T> {
  const inner = source[Symbol.asyncIterator]();
  let ended = false;
  const end = (): void => {
    if (!ended) done();
    ended = true;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const result = await inner.next();
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    async return() {
      try {
        await inner.return?.();
      } finally {
        end();
      }
      return { done: true, value: undefined };
    },
  };
}
