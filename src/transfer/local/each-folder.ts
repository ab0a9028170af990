/** A walk over folders, several at a time: on a long line the answers about one are waited for together. */

const mostAtATime = 16;

/** Visits `first` and every folder that a visit adds. Rejects with the first failure once all visits have ended. */
export async function eachFolder<T>(
  first: T,
  visit: (folder: T, add: (folder: T) => void) => Promise<void>,
): Promise<void> {
  const waiting = [first];
  const running = new Set<Promise<void>>();
  let failure: { readonly reason: unknown } | undefined;
  const start = (folder: T): void => {
    const visiting = visit(folder, (found) => waiting.push(found))
      .catch((reason: unknown) => {
        failure ??= { reason };
      })
      .finally(() => running.delete(visiting));
    running.add(visiting);
  };
  while (failure === undefined && waiting.length + running.size > 0) {
    const folder = running.size < mostAtATime ? waiting.pop() : undefined;
    if (folder === undefined) await Promise.race(running);
    else start(folder);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.reason;
}
