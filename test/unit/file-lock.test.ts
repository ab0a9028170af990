/** Locks between processes of the test's own, and what their owners leave when they are killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { lockPathOf, withFileLock } from '../../src/files/lock.ts';
import { ownIdentity } from '../../src/files/process-identity.ts';
import { changeFile } from '../../src/files/whole-file.ts';
import { specialFiles } from '../support/special-files.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A process that lives until it is killed. */
async function otherProcess(): Promise<ChildProcess> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function leaveLock(path: string, owner: object): Promise<void> {
  await writeFile(lockPathOf(path), `${JSON.stringify({ owner, token: 'theirs' })}\n`);
}

test('the work of many is done one after the other, and nothing is left', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await delay(1);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => withFileLock(path, work)));
  expect(most).toBe(1);
  expect(await readdir(folder.path)).toEqual([]);
});

test('of many that add a line to a file at once all lines are there', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  const names = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  await Promise.all(names.map((name) => changeFile(path, (before) => `${String(before ?? '')}${name}\n`)));
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(lines.sort()).toEqual([...names].sort());
  expect(await readdir(folder.path)).toEqual(['file']);
});

test('a failure of the work is passed on, and the lock is given back', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withFileLock(path, async () => 'yes')).toBe('yes');
});

test('the lock of a process that was killed is taken over at once, also by many', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  for (let round = 0; round < 10; round += 1) {
    const child = await otherProcess();
    const own = await ownIdentity();
    await leaveLock(path, { ...own, pid: child.pid, started: await startOf(child.pid ?? 0) });
    child.kill('SIGKILL');
    await once(child, 'close');
    await Promise.all(
      Array.from({ length: 8 }, () =>
        changeFile(path, (before) => `${String(before ?? '')}x`, { wait: { limitMs: 20_000 } }),
      ),
    );
    expect(await readFile(path, 'utf8')).toBe('x'.repeat(8 * (round + 1)));
  }
  expect(await readdir(folder.path)).toEqual(['file']);
});

test('a number that another process has by now does not keep a lock', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  const own = await ownIdentity();
  await leaveLock(path, { ...own, pid: process.ppid, started: '1' });
  expect(await withFileLock(path, async () => 'ours', { limitMs: 20_000 })).toBe('ours');
});

test('a process that lives is waited for, told of after a second, and given up after the limit', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  const child = await otherProcess();
  try {
    const own = await ownIdentity();
    await leaveLock(path, { ...own, pid: child.pid, started: await startOf(child.pid ?? 0) });
    const told: string[] = [];
    const longer = new AbortController();
    let isLongerOver = false;
    const waitingLonger = withFileLock(path, async () => {}, { limitMs: 600_000, signal: longer.signal })
      .catch(() => {})
      .finally(() => {
        isLongerOver = true;
      });
    const waiting = withFileLock(path, async () => {}, {
      limitMs: 3_000,
      waiting: (text) => told.push(text),
    });
    await expect(waiting).rejects.toMatchObject({
      code: 'file-busy',
      exitCode: 6,
      message: expect.stringContaining(`process ${child.pid} on ${hostname()}`),
    });
    expect(isLongerOver).toBe(false);
    longer.abort(new InterruptedError());
    await waitingLonger;
    expect(told).toEqual([`waiting for process ${child.pid} on ${hostname()}, which is changing ${path}`]);
    expect(await readFile(lockPathOf(path), 'utf8')).toContain('theirs');
  } finally {
    child.kill('SIGKILL');
  }
});

test('Ctrl-C ends the wait for a lock', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  const interrupt = new AbortController();
  await withFileLock(path, async () => {
    const stop = (): void => interrupt.abort(new InterruptedError());
    const waiting = withFileLock(path, async () => {}, { signal: interrupt.signal, waiting: stop });
    await expect(waiting).rejects.toThrow(InterruptedError);
  });
});

test('the lock of another machine, or of another container, counts until it is old', async () => {
  using folder = tempFolder();
  const own = await ownIdentity();
  for (const [name, owner] of [
    ['machine', { ...own, host: 'another-machine' }],
    ['container', { ...own, space: 'pid:[1]' }],
  ] as const) {
    const path = join(folder.path, name);
    await leaveLock(path, owner);
    await expect(withFileLock(path, async () => {}, { limitMs: 50 })).rejects.toMatchObject({
      code: 'file-busy',
    });
    await utimes(lockPathOf(path), 0, Date.now() / 1000 - 120);
    expect(await withFileLock(path, async () => 'ours', { limitMs: 20_000 })).toBe('ours');
  }
});

test.each(['', '{"owner":{"ho', '\0\0\0', 'null', '{}', '{"owner":{"pid":"1"}}'])(
  'a lock file that makes no sense (%j) keeps nobody out for longer than a moment',
  async (text) => {
    using folder = tempFolder();
    const path = join(folder.path, 'file');
    await writeFile(lockPathOf(path), text);
    expect(await withFileLock(path, async () => 'ours', { limitMs: 20_000 })).toBe('ours');
    expect(await readdir(folder.path)).toEqual([]);
  },
);

test.each(specialFiles)('$kind in the place of a lock is refused at once, and stays', async ({ make }) => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  await make(lockPathOf(path));
  const before = await lstat(lockPathOf(path));
  await expect(withFileLock(path, async () => {})).rejects.toMatchObject({ code: 'not-a-file' });
  expect((await lstat(lockPathOf(path))).ino).toBe(before.ino);
});

test('a link in the place of a lock is not followed when the lock is written', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  await writeFile(join(folder.path, 'precious'), 'precious');
  await symlink('precious', lockPathOf(path));
  await withFileLock(path, async () => {}).catch(() => {});
  expect(await readFile(join(folder.path, 'precious'), 'utf8')).toBe('precious');
});

test('what a killed writer has left beside is taken away by the next one', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  await writeFile(join(folder.path, '.file.0123456789ab.new'), 'half of a secr');
  await writeFile(join(folder.path, '.file.unlike.new'), 'the user’s');
  await changeFile(path, () => 'x');
  expect((await readdir(folder.path)).sort()).toEqual(['.file.unlike.new', 'file']);
});

test('a name of 255 bytes has a lock', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'é'.repeat(127));
  await changeFile(path, () => 'x');
  expect((await stat(path)).size).toBe(1);
});
