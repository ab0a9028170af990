/** What bai remembers of a server is a guess: it never leads anywhere else than what the server says. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

let bed: EmulatorBed;
beforeEach(async () => {
  bed = await openEmulator();
});
afterEach(() => bed[Symbol.asyncDispose]());

/** A running session with a file in it that says which one it is. */
async function marked(name: string, mark: string): Promise<string> {
  const id = await bed.create(name);
  await writeFile(join(bed.emulator.sessions.get(id).home ?? '', 'mark'), mark);
  return id;
}

const dials = (id: string): number =>
  bed.emulator.requests.filter(({ target }) => target.includes(`${id}/tcpproxy`)).length;

test('a name that means another session now never leads to the old one, though that still runs', async () => {
  const old = await marked('demo', 'old');
  expect(await bed.bai(['exec', 'demo', 'cat mark'])).toMatchObject({ code: 0, stdout: 'old' });
  await bed.bai(['session', 'rename', 'demo', 'other']);
  const now = await marked('demo', 'new');
  const before = dials(old);
  expect(await bed.bai(['exec', 'demo', 'cat mark'])).toMatchObject({ code: 0, stdout: 'new', stderr: '' });
  // It may have been dialled by what was remembered, before the manager answered, and was hung up on.
  expect(dials(old) - before).toBeLessThanOrEqual(1);
  expect(dials(now)).toBe(1);
  const after = dials(old);
  await expect.poll(() => bed.emulator.sessions.get(old).sshConnections).toBe(0);
  expect(await bed.bai(['exec', 'demo', 'cat mark'])).toMatchObject({ code: 0, stdout: 'new' });
  expect([dials(old), dials(now)]).toEqual([after, 2]);
});

test('a remembered session that has ended is told as if nothing was remembered', async () => {
  await marked('demo', 'old');
  await bed.bai(['exec', 'demo', 'true']);
  await bed.bai(['session', 'terminate', 'demo']);
  const { code, stderr } = await bed.bai(['exec', 'demo', 'true']);
  expect([code, stderr]).toEqual([4, expect.stringMatching(/^error: session demo has ended/)]);
  expect(await bed.bai(['exec', 'demo', 'true'])).toMatchObject({ code });
});

test('a manager of another release than last time is spoken to by the one that it is', async () => {
  await marked('demo', 'before');
  expect(await bed.bai(['exec', 'demo', 'cat mark'])).toMatchObject({ stdout: 'before' });
  const homes = tempFolder();
  const port = Number(new URL(bed.emulator.endpoint).port);
  await bed.emulator[Symbol.asyncDispose]();
  // It dials by names, and knows fewer words for states.
  await using manager = await startEmulator({
    release: '26.4.2',
    port,
    homesRoot: homes.path,
    stepDelayMs: 5,
  });
  await bed.create('demo');
  expect(await bed.bai(['session', 'list'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('demo'),
  });
  expect(await bed.bai(['exec', 'demo', 'echo', 'there'])).toMatchObject({ code: 0, stdout: 'there\n' });
  expect(await bed.bai(['exec', 'demo', 'echo', 'again'])).toMatchObject({ code: 0, stdout: 'again\n' });
  expect(manager.unknownRoutes).toEqual([]);
  homes[Symbol.dispose]();
});
