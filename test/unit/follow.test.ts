/** What goes on until it is interrupted: that it ends so is no failure, and what goes wrong meanwhile is one. */

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { untilInterrupted } from '../../src/commands/shared/follow.ts';
import { DeniedError, InterruptedError } from '../../src/errors.ts';

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('%s ends it without a word', async (_, status) => {
  const ending = new AbortController();
  const context = { signal: ending.signal, exitCode: 0 };
  const work = delay(60_000, undefined, { signal: ending.signal });
  ending.abort(new InterruptedError('interrupted', {}, status));
  await untilInterrupted(context, work);
  expect(context.exitCode).toBe(status);
});

test('a failure is one, also when the signal has come', async () => {
  const ending = new AbortController();
  const context = { signal: ending.signal, exitCode: 0 };
  const denied = new DeniedError('not you');
  await expect(untilInterrupted(context, Promise.reject(denied))).rejects.toBe(denied);
  ending.abort(new InterruptedError());
  await expect(untilInterrupted(context, Promise.reject(denied))).rejects.toBe(denied);
  expect(context.exitCode).toBe(0);
});
