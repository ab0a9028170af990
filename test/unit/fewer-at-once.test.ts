import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FewerAtOnce } from '../../src/transfer/engine/fewer-at-once.ts';
import { OpenRefusedError } from '../../src/transfer/engine/sftp-error.ts';

const signal = new AbortController().signal;
const errors = {
  'a server that gives no reason': () => new OpenRefusedError('the server reports a failure'),
  'this machine': () => Object.assign(new Error('too many open files'), { code: 'EMFILE' }),
};

/** Something that lets so many be open at a time, for a turn or a few. */
function table(places: number, refusal: () => Error) {
  const seen = { open: 0, most: 0, opened: 0, refused: 0 };
  const use = async (turns: number): Promise<void> => {
    if (seen.open >= places) {
      seen.refused += 1;
      throw refusal();
    }
    seen.open += 1;
    seen.opened += 1;
    seen.most = Math.max(seen.most, seen.open);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    seen.open -= 1;
  };
  return { seen, use };
}

test.each(Object.entries(errors))(
  'whatever has too few places for open files loses none of them: %s',
  async (_, refusal) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 120 }),
        async (places, jobs) => {
          const fewer = new FewerAtOnce(signal);
          const { seen, use } = table(places, refusal);
          await Promise.all(jobs.map((turns) => fewer.run(() => use(turns))));
          expect(seen.opened).toBe(jobs.length);
          expect(seen.open).toBe(0);
          // Each round halves how many there are at a time.
          expect(seen.refused).toBeLessThanOrEqual(jobs.length * 8);
        },
      ),
      { numRuns: 60 },
    );
  },
);

test('nothing runs beside what has failed for too many open files', async () => {
  const fewer = new FewerAtOnce(signal);
  let running = 0;
  const beside: number[] = [];
  const refused = new Set<number>();
  const work = (index: number) => async (): Promise<void> => {
    running += 1;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      if (index < 3 && !refused.has(index)) {
        refused.add(index);
        throw errors['this machine']();
      }
      if (refused.has(index) && beside.length === 0) beside.push(running);
    } finally {
      running -= 1;
    }
  };
  await Promise.all(Array.from({ length: 30 }, (_, index) => fewer.run(work(index))));
  expect(beside).toEqual([1]);
});

test('a server that refuses for another reason is believed after a few, and the rest goes on', async () => {
  const fewer = new FewerAtOnce(signal);
  let asked = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) =>
      fewer.run(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        if (index % 2 === 0) return;
        asked += 1;
        throw errors['a server that gives no reason']();
      }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(100);
  // Four times alone for each of the first three.
  expect(asked).toBeLessThanOrEqual(2 * 100 + 3 * 4);
});

test('what fails alone, and for no lack of open files, is tried once', async () => {
  const fewer = new FewerAtOnce(signal);
  let tries = 0;
  const work = (error: Error) => async (): Promise<void> => {
    tries += 1;
    throw error;
  };
  await expect(fewer.run(work(errors['a server that gives no reason']()))).rejects.toThrow('failure');
  await expect(fewer.run(work(new Error('denied')))).rejects.toThrow('denied');
  expect(tries).toBe(2);
});

test('Ctrl-C ends the wait of what is alone', async () => {
  const over = new AbortController();
  const fewer = new FewerAtOnce(over.signal);
  const running = fewer.run(async () => {
    setImmediate(() => over.abort());
    throw errors['this machine']();
  });
  await expect(running).rejects.toMatchObject({ code: 'interrupted' });
});

test('who asks is told of a shortage once, also when it has begun already', async () => {
  const fewer = new FewerAtOnce(signal);
  const told: string[] = [];
  fewer.onShortage(() => told.push('before'));
  const forget = fewer.onShortage(() => told.push('never'));
  forget();
  let isFirst = true;
  await fewer.run(async () => {
    if (!isFirst) return;
    isFirst = false;
    throw errors['this machine']();
  });
  fewer.onShortage(() => told.push('after'));
  expect(told).toEqual(['before', 'after']);
});
