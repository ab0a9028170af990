/** Names and states of sessions. */

import { expect, test } from 'vitest';
import {
  holdsName,
  isSessionId,
  phaseOf,
  sessionNameProblem,
} from '../../src/providers/backend-ai/manager/states.ts';

test.each(['demo', 'my_job.v1.2-final', '_ab_', 'a'.repeat(64), '1234', 'a--b', 'A.b-C_9'])(
  '"%s" can be a name',
  (name) => expect(sessionNameProblem(name)).toBeUndefined(),
);

test.each([
  ['abc', 'too short'],
  ['a'.repeat(65), 'too long'],
  ['-demo', 'begins with a dash'],
  ['demo-', 'ends with a dash'],
  ['.demo', 'begins with a dot'],
  ['demo.', 'ends with a dot'],
  ['de mo', 'a space'],
  ['demo\n', 'a line break at the end'],
  ['demo/x', 'a slash'],
  ['세션이름', 'other letters than ASCII'],
  ['from-template', 'reserved'],
  ['', 'empty'],
])('"%s" cannot be a name: %s', (name) => {
  expect(sessionNameProblem(name)).toBeTypeOf('string');
});

test.each([
  ['2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77', true],
  ['2F1C9B5E-7D0A-4B63-9A51-0F6D2C1E8B77', true],
  ['2f1c9b5e7d0a4b639a510f6d2c1e8b77', false],
  ['2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b7', false],
  ['demo', false],
])('%s is an id: %s', (reference, expected) => {
  expect(isSessionId(reference)).toBe(expected);
});

test.each([
  ['RUNNING', 'ready'],
  ['RUNNING_DEGRADED', 'ready'],
  ['ERROR', 'failed'],
  ['CANCELLED', 'cancelled'],
  ['TERMINATING', 'ending'],
  ['TERMINATED', 'ended'],
  ['PENDING', 'starting'],
  ['SCHEDULED', 'starting'],
  ['PULLING', 'starting'],
  ['PREPARED', 'starting'],
  ['RESERVED', 'starting'],
  ['A_WORD_OF_TOMORROW', 'starting'],
])('%s means %s to somebody who waits', (status, verdict) => {
  expect(phaseOf(status)).toBe(verdict);
});

test.each([
  ['ERROR', true],
  ['TERMINATING', true],
  ['TERMINATED', false],
  ['CANCELLED', false],
])('%s holds the name: %s', (status, live) => {
  expect(holdsName(status)).toBe(live);
});
