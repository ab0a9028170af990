/** A keyring that does not do what it should: stand-ins for secret-tool, started as the real one is. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Keyring, openKeyring } from '../../src/config/keyring.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

interface Stand extends Disposable {
  readonly keyring: Keyring;
  readonly folder: string;
  readonly waits: string[];
  readonly abort: AbortController;
}

/** Where this script is secret-tool. */
function openStand(script: string | undefined, limitMs = 30_000): Stand {
  const folder = tempFolder();
  const program = join(folder.path, 'secret-tool');
  if (script !== undefined)
    writeFileSync(program, `#!/bin/sh\ncd '${folder.path}'\n${script}\n`, { mode: 0o755 });
  const waits: string[] = [];
  const abort = new AbortController();
  const keyring = openKeyring({
    environment: { PATH: process.env['PATH'], DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    platform: 'linux',
    signal: abort.signal,
    findProgram: () => (script === undefined ? undefined : program),
    wait(text) {
      waits.push(text);
      return { [Symbol.dispose]: () => {} };
    },
    limitMs,
  });
  return { keyring, folder: folder.path, waits, abort, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const item = { profile: 'work', setting: 'secretKey' };
const keeps = 'case $1 in store) cat > kept;; lookup) cat kept 2>/dev/null;; clear) rm kept;; esac';

test('what is stored is read back, under an id of its own', async () => {
  using stand = openStand(keeps);
  const id = await stand.keyring.store(item, 'a-secret');
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await stand.keyring.read(id)).toBe('a-secret');
  await stand.keyring.remove(id);
  expect(existsSync(join(stand.folder, 'kept'))).toBe(false);
});

test('one that gives back something else has not taken it', async () => {
  using stand = openStand(
    'case $1 in lookup) printf other;; clear) echo "$@" > cleared;; *) cat > /dev/null;; esac',
  );
  await expect(stand.keyring.store(item, 'a-secret')).rejects.toMatchObject({ code: 'keyring-failed' });
  expect(readFileSync(join(stand.folder, 'cleared'), 'utf8')).toMatch(
    /^clear service bai id [0-9a-f]{16}\n$/,
  );
});

test('a secret that is gone is told from one that is locked', async () => {
  using gone = openStand('case $1 in search) exit 0;; *) exit 1;; esac');
  expect(await gone.keyring.read('1f')).toBeUndefined();
  using locked = openStand('case $1 in search) echo "[/1]";; *) exit 1;; esac');
  await expect(locked.keyring.read('1f')).rejects.toMatchObject({ code: 'keyring-locked', exitCode: 1 });
  await expect(locked.keyring.remove('1f')).rejects.toMatchObject({ code: 'keyring-locked' });
});

test('one that hangs is waited for up to its limit, and what is waited for is said', async () => {
  using stand = openStand('exec sleep 1000', 100);
  await expect(stand.keyring.read('1f')).rejects.toMatchObject({
    code: 'keyring-silent',
    message: 'the keyring did not answer within 0.1 seconds',
  });
  expect(stand.waits).toEqual(['waiting for the keyring']);
});

test('Ctrl-C ends the wait, and the program', async () => {
  using stand = openStand('echo $$ > pid; exec sleep 1000');
  const read = stand.keyring.read('1f');
  const failed = expect(read).rejects.toThrow('enough');
  const pidFile = join(stand.folder, 'pid');
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), 'the program runs');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  stand.abort.abort(new Error('enough'));
  await failed;
  await until(() => !isAlive(pid), 'the program has ended');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each([
  ['is not there', undefined, 'keyring-away', /"secret-tool" is not on this machine/],
  ['prints nothing', 'exit 0', 'keyring-failed', /gave no secret/],
  [
    'says why',
    'echo "secret-tool: no \x1b[31mservice" >&2; exit 1',
    'keyring-failed',
    /gave no secret: no .*service/,
  ],
])('a program that %s is named in the failure', async (_, script, code, words) => {
  using stand = openStand(script);
  const failure = await stand.keyring.read('1f').catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringMatching(words) });
  expect(failure).toMatchObject({
    hint: expect.stringContaining('secretStore file'),
    message: expect.not.stringContaining('\x1b'),
  });
});

test('a secret that is too long is not tried', async () => {
  using stand = openStand('touch started');
  await expect(stand.keyring.store(item, 'x'.repeat(8193))).rejects.toMatchObject({ code: 'keyring-failed' });
  expect(existsSync(join(stand.folder, 'started'))).toBe(false);
});
