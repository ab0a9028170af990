/** Signals while the one thread computes: no handler could run, and the first Ctrl-C would do nothing. */

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Until it is disposed of the system itself ends the program at once. For moments at which nothing is half made. */
export function leaveSignalsToSystem(): Disposable {
  const taken = endings.flatMap((name) =>
    process.listeners(name).map((listener) => [name, listener] as const),
  );
  for (const [name, listener] of taken) process.removeListener(name, listener);
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of taken) process.on(name, listener);
    },
  };
}
