import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { countDown, limitTime, startStopwatch, unlessAborted, within } from '../../src/core/time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a limit still comes when the garbage collector was there before', async () => {
  const limited = limitTime(new AbortController().signal, 200);
  const aborted = new Promise((resolve) => limited.signal.addEventListener('abort', resolve));
  for (let turn = 0; turn < 3; turn += 1) {
    await delay(10);
    collectGarbage();
  }
  await aborted;
  expect(limited.isOver).toBe(true);
  expect(limited.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('the signal before it counts as well, and is told apart', () => {
  const top = new AbortController();
  using limited = limitTime(top.signal, 60_000);
  top.abort();
  expect([limited.signal.aborted, limited.isOver]).toEqual([true, false]);
});

/** As a stopped process, or a machine whose lid is closed: no timer comes meanwhile. */
function sleepAllOfIt(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('time in which nothing ran does not count: a limit of 1.5 s is not over after 3 s of sleep', async () => {
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    countDown(1_500, () => {
      isOver = true;
      resolve();
    });
  });
  sleepAllOfIt(3_000);
  await delay(10);
  expect(isOver).toBe(false);
  await ended;
});

test('a watch counts little of a long sleep', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  const now = vi.spyOn(performance, 'now');
  try {
    const begun = performance.now();
    using watch = startStopwatch();
    vi.advanceTimersByTime(3_000);
    expect(watch.elapsedMs).toBe(3_000);
    // As a machine whose lid is closed: no timer comes meanwhile.
    now.mockReturnValue(begun + 3_000 + 3_600_000);
    expect(watch.elapsedMs).toBe(5_000);
    watch.restart();
    expect(watch.elapsedMs).toBe(0);
  } finally {
    now.mockRestore();
    vi.useRealTimers();
  }
});

test('a count that is begun again comes later, and one that is disposed of never', async () => {
  const came: string[] = [];
  const first = countDown(200, () => came.push('first'));
  using _second = countDown(300, () => came.push('second'));
  const never = countDown(100, () => came.push('never'));
  never[Symbol.dispose]();
  await delay(150);
  first.restart();
  await delay(600);
  expect(came).toEqual(['second', 'first']);
});

test('an answer that does not come is given up with what its limit says, and one that comes is given', async () => {
  const { signal } = new AbortController();
  const late = () => new Error('too late');
  await expect(within(() => new Promise(() => {}), { signal, ms: 50, late })).rejects.toThrow('too late');
  expect(await within(async () => 'in time', { signal, ms: 50, late })).toBe('in time');
  await expect(within(() => Promise.reject(new Error('its own')), { signal, ms: 50, late })).rejects.toThrow(
    'its own',
  );
});

test('the signal ends a wait with its reason, and leaves no listener behind', async () => {
  const top = new AbortController();
  const waiting = unlessAborted(new Promise(() => {}), top.signal);
  top.abort(new Error('Ctrl-C'));
  await expect(waiting).rejects.toThrow('Ctrl-C');
  await expect(unlessAborted(Promise.resolve(1), top.signal)).rejects.toThrow('Ctrl-C');
});
