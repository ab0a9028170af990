import { expect, test } from 'vitest';
import { createSemaphore } from '../../src/core/semaphore.ts';

const never = new AbortController().signal;

test('places are given in the order they were asked for', async () => {
  const semaphore = createSemaphore(1);
  const order: number[] = [];
  const leaveFirst = await semaphore.enter(never);
  const others = [1, 2, 3].map(async (number) => {
    const leave = await semaphore.enter(never);
    order.push(number);
    leave();
  });
  leaveFirst();
  await Promise.all(others);
  expect(order).toEqual([1, 2, 3]);
});

test('no more than the places are inside at any moment', async () => {
  const semaphore = createSemaphore(4);
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const leave = await semaphore.enter(new AbortController().signal);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      leave();
    }),
  );
  expect(most).toBe(4);
});

test('one that gives up while waiting takes nobody’s place', async () => {
  const semaphore = createSemaphore(1);
  const leave = await semaphore.enter(never);
  const impatient = new AbortController();
  const abandoned = semaphore.enter(impatient.signal);
  const patient = semaphore.enter(never);
  impatient.abort(new Error('gone'));
  await expect(abandoned).rejects.toThrow('gone');
  leave();
  (await patient)();
  (await semaphore.enter(never))();
});

test('one that comes with an aborted signal is not let in', async () => {
  const semaphore = createSemaphore(1);
  await expect(semaphore.enter(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  (await semaphore.enter(never))();
});

test('leaving twice frees one place', async () => {
  const semaphore = createSemaphore(1);
  const leave = await semaphore.enter(never);
  leave();
  leave();
  await semaphore.enter(never);
  const impatient = new AbortController();
  const third = semaphore.enter(impatient.signal);
  impatient.abort(new Error('full'));
  await expect(third).rejects.toThrow('full');
});
