/** `bai ssh --create`: the session is there when ssh needs it, whoever made it. */

import { expect, test } from 'vitest';
import { openEmulator } from '../contract/app-bed.ts';

test('--create makes the session, and uses the one that is there the next time', async () => {
  await using bed = await openEmulator();
  const words = ['ssh', 'made', '--create', 'python:3.11', '--', 'echo in'];
  const first = await bed.bai(words);
  expect(first, first.stderr).toMatchObject({ code: 0, stdout: 'in\n' });
  expect(first.stderr).toMatch(/made: RUNNING/);
  const again = await bed.bai(words);
  expect(again).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
  expect((await bed.bai(['session', 'list', '--json'])).stdout.match(/"name": "made"/g)).toHaveLength(1);
});

test('three clients that race to the same session all get in', async () => {
  await using bed = await openEmulator({ stepDelayMs: 100 });
  const words = ['ssh', 'raced', '--create', 'python:3.11', '--', 'echo in'];
  const runs = await Promise.all([1, 2, 3].map(() => bed.bai(words)));
  expect(
    runs.map(({ code, stdout }) => [code, stdout]),
    runs.map(({ stderr }) => stderr).join(),
  ).toEqual(Array(3).fill([0, 'in\n']));
  expect((await bed.bai(['session', 'list', '--json'])).stdout.match(/"name": "raced"/g)).toHaveLength(1);
});

test('a session that has ended is made again, and without --create it says so', async () => {
  await using bed = await openEmulator();
  await bed.create('ended');
  expect((await bed.bai(['session', 'terminate', 'ended'])).code).toBe(0);
  const told = await bed.bai(['ssh', 'ended', '--', 'true']);
  expect(told.code).toBe(4);
  expect(told.stderr).toMatch(/session ended has ended \(TERMINATED\)/);
  const made = await bed.bai(['ssh', 'ended', '--create', 'python', '--', 'echo in']);
  expect(made, made.stderr).toMatchObject({ code: 0, stdout: 'in\n' });
});

test('an image that is not there is told, and --create goes with a client only', async () => {
  await using bed = await openEmulator();
  const failed = await bed.bai(['ssh', 'never', '--create', 'pyhton', '--', 'true']);
  expect(failed.code).toBe(4);
  expect(failed.stderr).toMatch(/there is no image pyhton[\s\S]*hint: /);
  for (const flag of ['--no-client', '--stdio'])
    expect((await bed.bai(['ssh', 'never', '--create', 'python', flag])).code).toBe(2);
});

test('a name that is the beginning of another session’s id is made, and not that one entered', async () => {
  await using bed = await openEmulator();
  const name = (await bed.create('other')).slice(0, 8);
  const made = await bed.bai(['ssh', name, '--create', 'python', '--', 'true']);
  expect(made, made.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse((await bed.bai(['session', 'list', '--json'])).stdout)).toMatchObject([
    { name },
    { name: 'other' },
  ]);
});
