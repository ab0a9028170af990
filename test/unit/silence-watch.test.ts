import { afterEach, describe, expect, test, vi } from 'vitest';
import { Bulk, type SilenceOptions, watchSilence } from '../../src/core/silence-watch.ts';

const silenceMs = 12_000;

afterEach(() => {
  vi.useRealTimers();
});

/** A line by the second. */
function line(more: Partial<SilenceOptions> = {}) {
  vi.useFakeTimers();
  let sent = 0;
  let diedAt: number | undefined;
  let seconds = 0;
  const ask = vi.fn();
  const onDead = (): void => {
    diedAt = seconds;
  };
  const watch = watchSilence({ silenceMs, sentBytes: () => sent, ask, onDead, ...more });
  return {
    ...{ watch, ask },
    send: (bytes: number) => {
      sent += bytes;
    },
    /** Nothing when it lives at the end. */
    diesWithin: (most: number, each: (second: number) => void = () => {}): number | undefined => {
      const end = seconds + most;
      while (seconds < end && diedAt === undefined) {
        each(seconds);
        seconds += 1;
        vi.advanceTimersByTime(1_000);
      }
      return diedAt;
    },
  };
}

describe('a machine that has slept', () => {
  /** The clock on the wall goes on, and no timer does. */
  const sleep = (): void => void vi.setSystemTime(Date.now() + 3_600_000);

  test('asks its lines as soon as it is awake, and one that does not answer is dead sooner', () => {
    const { watch, ask, diesWithin } = line({ silenceMs: 28_000 });
    diesWithin(10, () => watch.hear());
    const before = ask.mock.calls.length;
    sleep();
    expect(diesWithin(2)).toBeUndefined();
    expect(ask.mock.calls.length).toBe(before + 1);
    expect(diesWithin(60)).toBeLessThanOrEqual(10 + 2 + 12);
  });

  test('keeps one that answers, and one that nobody reads', () => {
    let isUnread = false;
    const { watch, ask, diesWithin } = line({ silenceMs: 28_000, isExcused: () => isUnread });
    ask.mockImplementation(() => watch.hear());
    for (let night = 0; night < 3; night += 1) {
      sleep();
      expect(diesWithin(60)).toBeUndefined();
    }
    ask.mockImplementation(() => {});
    isUnread = true;
    sleep();
    expect(diesWithin(60)).toBeUndefined();
  });
});

describe('a silent line', () => {
  test('is asked, and is dead within the time for silence', () => {
    const { ask, diesWithin } = line();
    expect(diesWithin(60)).toBe(12);
    expect(ask.mock.calls.length).toBeGreaterThan(1);
  });

  test('that answers lives', () => {
    const { watch, diesWithin, ask } = line();
    ask.mockImplementation(() => watch.hear());
    expect(diesWithin(600)).toBeUndefined();
  });

  test('is not dead while bulk may be on its way, whatever comes in meanwhile', () => {
    const { watch, send, diesWithin } = line();
    send(25_000 * 40);
    const diedAt = diesWithin(200, (second) => {
      if (second === 2) watch.hear();
    });
    expect(diedAt).toBeGreaterThan(42);
    expect(diedAt).toBeLessThan(40 + 12 + 4);
  });

  test('is dead after a minute and a half more at most, however much was sent', () => {
    const { send, diesWithin } = line();
    send(10 ** 12);
    expect(diesWithin(200)).toBeLessThan(90 + 12);
  });

  test('is found as early when questions and keystrokes are all that is sent', () => {
    const { send, diesWithin } = line();
    expect(diesWithin(60, () => send(200))).toBe(12);
  });

  test('lives while nobody reads, and for as long as no answer is due', () => {
    let isUnread = true;
    let isAsked = false;
    const { diesWithin } = line({ isExcused: () => isUnread, isAsked: () => isAsked });
    expect(diesWithin(60)).toBeUndefined();
    isUnread = false;
    expect(diesWithin(60)).toBeUndefined();
    isAsked = true;
    expect(diesWithin(60)).toBeLessThan(120 + 4);
  });

  test('that is watched no more is never dead', () => {
    const { watch, diesWithin } = line();
    watch[Symbol.dispose]();
    expect(diesWithin(60)).toBeUndefined();
  });
});

test('bulk is on its way for as long as the slowest of lines takes, and what is sent on the way adds to it', () => {
  let sent = 0;
  const bulk = new Bulk(() => sent);
  const turns = (count: number): boolean[] => Array.from({ length: count }, () => bulk.isOnItsWay(1_000));
  expect(turns(1)).toEqual([false]);
  sent += 25_000 * 3;
  expect(turns(4)).toEqual([true, true, true, false]);
  sent += 25_000 * 2;
  expect(turns(1)).toEqual([true]);
  sent += 25_000;
  expect(turns(3)).toEqual([true, true, false]);
});
