/**
 * Runs `work` over a stream of items, at most `limit` at a time, pulling the next item only when there is room: memory stays
 * flat however long the stream is. Stops pulling when the signal aborts, and waits for what was started.
 *
 * `work` must not throw; an error of the stream itself is thrown when the rest has ended.
 */
export async function forEachOf<T>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  const runner = async (): Promise<void> => {
    while (!ended && !signal?.aborted) {
      const next = await iterator.next();
      if (next.done || signal?.aborted) break;
      await work(next.value);
    }
    ended = true;
  };
  const outcomes = await Promise.allSettled(Array.from({ length: limit }, runner));
  await iterator.return?.();
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
