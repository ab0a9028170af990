/** Secrets in a real keyring: stored, used, hidden from others, locked, and taken away. */

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from '../../src/ssh/programs.ts';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { type BaiResult, bai, cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { openConsole } from '../support/consoles.ts';
import { type KeyringBed, keyringMissing, openKeyringBed } from '../support/keyring.ts';
import { tempFolder } from '../support/temp-folder.ts';

let keyring: KeyringBed;
let bed: EmulatorBed;

beforeAll(async () => {
  if (keyringMissing === undefined) keyring = await openKeyringBed();
  bed = await openEmulator();
});
afterAll(async () => {
  await keyring?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

interface Home extends Disposable {
  readonly path: string;
  run(args: readonly string[], input?: string, env?: Record<string, string>): Promise<BaiResult>;
  config(): Record<string, Record<string, string>>;
}

/** Somebody of that bus who has stored an account of the manager in this profile. */
async function openHome(profile: string): Promise<Home> {
  const folder = tempFolder();
  const file = join(folder.path, '.config/bai/config.json');
  const { endpoint, accessKey } = bed.emulator;
  mkdirSync(join(folder.path, '.config/bai'), { recursive: true });
  const content = { profiles: { [profile]: { endpoint, accessKey } }, current: profile };
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  return {
    path: folder.path,
    run: (args, input = '', env = {}) =>
      bai(args, { home: folder.path, input, env: { ...keyring?.env, ...env } }),
    config: () => JSON.parse(readFileSync(file, 'utf8')).profiles,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const hasStrace = findProgram('strace', process.env) !== undefined;

test.skipIf(keyringMissing !== undefined)(
  'a secret goes to the keyring, is used from there, and is taken away',
  async () => {
    using home = await openHome('lab');
    const { secretKey } = bed.emulator;
    const stored = await home.run(['config', 'set', 'secretKey'], secretKey);
    expect(stored).toMatchObject({ code: 0, stderr: 'secretKey is stored in profile "lab" (the keyring)\n' });
    expect(keyring.secrets()).toContain(`secret = ${secretKey}\n`);
    expect(JSON.stringify(home.config())).not.toContain(secretKey);
    expect(home.config()['lab']?.['keyring']).toMatch(/^secretKey:[0-9a-f]{16}$/);

    const used = await home.run(['session', 'list', '--json']);
    expect(used, used.stderr).toMatchObject({ code: 0 });
    const listed = await home.run(['profile', 'show', '--json']);
    expect(JSON.parse(listed.stdout).settings).toContainEqual({ name: 'secretKey', secretIn: 'keyring' });
    expect(stored.stdout + listed.stdout + listed.stderr).not.toContain(secretKey);

    expect(await home.run(['config', 'unset', 'secretKey'])).toMatchObject({ code: 0 });
    expect(keyring.secrets()).not.toContain(secretKey);
  },
);

test.skipIf(keyringMissing !== undefined || !hasStrace)(
  'no program gets the secret as an argument',
  async () => {
    using home = await openHome('traced');
    const trace = join(home.path, 'trace');
    const watched = async (args: readonly string[], input: string): Promise<void> => {
      const words = ['-f', '-qq', '-s', '100000', '-v', '-e', 'trace=execve', '-A', '-o', trace];
      const child = spawn('strace', [...words, process.execPath, launcher, ...args], {
        env: cleanEnvironment({ home: home.path, env: keyring.env }),
      });
      child.stdin.end(input);
      const { code, stderr } = await finished(child);
      expect(code, stderr).toBe(0);
    };
    await watched(['config', 'set', 'secretKey'], bed.emulator.secretKey);
    await watched(['session', 'list'], '');
    const started = readFileSync(trace, 'utf8');
    expect(started).toMatch(/secret-tool", "store"/);
    expect(started).toMatch(/secret-tool", "lookup"/);
    expect(started).not.toContain(bed.emulator.secretKey);
  },
);

test.skipIf(keyringMissing !== undefined)('without a bus the file has it, and bai says why', async () => {
  using home = await openHome('alone');
  const none = { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: home.path };
  const stored = await home.run(['config', 'set', 'secretKey', '--json'], 'a-secret', none);
  expect(JSON.parse(stored.stdout)).toMatchObject({ profile: 'alone', secretIn: 'file' });
  expect(home.config()['alone']).toMatchObject({ secretKey: 'a-secret' });
  const told = await home.run(['config', 'set', 'secretKey'], 'a-secret', none);
  expect(told.stderr).toContain('the keyring does not answer: no session bus (D-Bus) runs here');
  const must = { ...none, BAI_SECRET_STORE: 'keyring' };
  const refused = await home.run(['config', 'set', 'secretKey', '--json'], 'another', must);
  expect([refused.code, JSON.parse(refused.stderr).error.code]).toEqual([1, 'keyring-away']);
  expect(home.config()['alone']).toMatchObject({ secretKey: 'a-secret' });
});

test.skipIf(keyringMissing !== undefined)(
  'a login at a web console is kept there, gone by, ended at the console and taken away',
  async () => {
    await using place = await openConsole();
    using home = await openHome('web');
    const words = [place.endpoint, '--email', place.email, '--password-stdin', '--json'];
    const signed = await home.run(['login', ...words], `${place.password}\n`);
    expect(signed, signed.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(signed.stdout)).toMatchObject({ profile: 'web', secretsIn: 'keyring' });
    const [loginId = ''] = place.console.logins(place.email);
    expect(keyring.secrets()).toContain(`secret = ${loginId}\n`);
    expect(JSON.stringify(home.config())).not.toContain(loginId);
    const who = await home.run(['whoami', '--json']);
    expect(JSON.parse(who.stdout)).toMatchObject({ email: place.email, origin: 'profile "web"' });
    const out = await home.run(['logout', '--json']);
    expect(JSON.parse(out.stdout)).toMatchObject({ loginEnded: true, removed: ['loginId'] });
    expect(keyring.secrets()).not.toContain(loginId);
    expect(place.console.logins(place.email)).toEqual([]);

    // A command gives the password in place of a person, also for a login that has ended.
    await home.run(['config', 'set', 'secretCommand', `echo '${place.password}'`]);
    const given = await home.run(['login', place.endpoint, '--email', place.email]);
    expect(given, given.stderr).toMatchObject({ code: 0 });
    expect(home.config()['web']).toMatchObject({ secretCommand: `echo '${place.password}'` });
    place.console.endLogins(place.email);
    const again = await home.run(['session', 'list']);
    expect(again, again.stderr).toMatchObject({ code: 0 });
  },
);

// The last one: nobody unlocks it again.
test.skipIf(keyringMissing !== undefined)(
  'of a locked keyring one hears what to do, and new secrets go to the file',
  async () => {
    using home = await openHome('locked');
    await home.run(['config', 'set', 'secretKey'], bed.emulator.secretKey);
    keyring.lock();
    const refused = await home.run(['session', 'list']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      'error: secretKey of profile "locked" cannot be read: the keyring is locked, and nobody unlocked it\nhint: ',
    );
    const again = await home.run(['config', 'set', 'secretKey'], bed.emulator.secretKey);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(again.stderr).toContain("not in the system's keyring: ");
    expect(await home.run(['session', 'list'])).toMatchObject({ code: 0 });
  },
);
