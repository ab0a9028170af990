import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { limitTime } from '../../src/core/time-limit.ts';

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
