/** What can be wrong with known_hosts, and a key that changed: every way in refuses, before any credential leaves. */

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesIn } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { sessionDropbearMissing, startSessionDropbear, type TestSshd } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTrap, serve, type TrapBed } from './traps-bed.ts';

const commands = {
  builtin: ['ssh', 'demo', '--client', 'builtin', '--', 'echo in'],
  system: ['ssh', 'demo', '--client', 'system', '--', 'echo in'],
  sftp: ['sftp', 'ls', 'demo:.'],
} as const;
/** Refuses without a client above it where the file alone is reason enough; else plain ssh is that client. */
const stdio = ['ssh', 'demo', '--stdio'] as const;
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const nobodyMissing = isRoot && !canRun(nobody) ? ['bai cannot be run as another user here'] : [];

function canRun(uid: number): boolean {
  try {
    execFileSync('setpriv', [...asUser(uid), process.execPath, launcher, '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function asUser(uid: number): string[] {
  return [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
}

describe.skipIf(sessionDropbearMissing !== undefined)('the dropbear of sessions', () => {
  let trap: TrapBed;
  const path = (): string => trap.here('.local/share/bai/known_hosts');

  beforeAll(async () => {
    trap = await openTrap(startSessionDropbear);
    expect((await trap.in('system')).stdout).toBe('in\n');
    await trap.bed.bai(['ssh-config', 'install']);
    expect((await plainSsh()).stdout).toBe('in\n');
  });

  afterAll(() => trap?.[Symbol.asyncDispose]());

  function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<BaiResult> {
    const child = spawn(words[0] ?? '', words.slice(1), {
      env: { ...cleanEnvironment({ home: trap.bed.home, env: { ...trap.bed.env, ...env } }) },
      cwd: trap.bed.home,
    });
    child.stdin.on('error', () => {});
    child.stdin.end();
    return finished(child);
  }

  function plainSsh(prefix: readonly string[] = []): Promise<BaiResult> {
    return run([...prefix, 'ssh', '-F', trap.here('.ssh/config'), 'demo.bai', 'echo in']);
  }

  /** Every way in refuses; returns what each said. */
  async function refusals(
    more: readonly (readonly string[])[] = [],
    prefix: readonly string[] = [],
  ): Promise<BaiResult[]> {
    const before = trap.server.log().length;
    const all = await Promise.all([
      ...[...Object.values(commands), ...more].map((words) =>
        run([...prefix, process.execPath, launcher, ...words]),
      ),
      plainSsh(prefix),
    ]);
    for (const { code, stdout } of all) {
      expect(code).not.toBe(0);
      expect(stdout).toBe('');
    }
    expect(trap.server.log().slice(before)).not.toMatch(loginTold);
    return all;
  }

  /** A revoked or unreadable file is put back afterwards, whatever became of it. */
  async function inItsPlace(make: () => void, body: () => Promise<void>): Promise<void> {
    renameSync(path(), trap.here('aside'));
    try {
      make();
      await body();
    } finally {
      execFileSync('rm', ['-rf', path()]);
      renameSync(trap.here('aside'), path());
    }
  }

  const pinned = (): string => readFileSync(trap.here('aside'), 'utf8');

  test('what the log says of a login is seen', async () => {
    const before = trap.server.log().length;
    expect((await trap.in('builtin')).code).toBe(0);
    expect(trap.server.log().slice(before)).toMatch(loginTold);
  });

  test.each<readonly [string, (file: string) => void, RegExp]>([
    ['a folder', (file) => mkdirSync(file), /cannot be read\nhint: /],
    ['a link to nowhere', (file) => symlinkSync('/nowhere/at/all', file), /cannot be read\nhint: /],
    [
      'broken in its only line',
      (file) => writeFileSync(file, `half ${pinned().slice(0, 40)}\n`),
      /line 1 of \S+ is not a host key\nhint: /,
    ],
    [
      'broken after the pin',
      (file) => writeFileSync(file, `${pinned()}half a line\n`),
      /line \d of \S+ is not a host key\nhint: /,
    ],
    [
      'revoking the key',
      (file) =>
        writeFileSync(
          file,
          pinned()
            .replace(/^/gm, '@revoked ')
            .replace(/@revoked $/, ''),
        ),
      /is marked as revoked in/,
    ],
    [
      'pinning and revoking the key',
      (file) => writeFileSync(file, pinned() + pinned().replace(/^(?=.)/gm, '@revoked ')),
      /revoked/i,
    ],
  ])(
    'known_hosts that is %s is no first use for any way in, and stays as it is',
    async (name, make, told) => {
      const without = name === 'pinning and revoking the key' ? [] : [stdio];
      await inItsPlace(
        () => make(path()),
        async () => {
          const state = (): unknown => {
            const found = lstatSync(path());
            return found.isFile() ? readFileSync(path(), 'utf8') : [found.ino, found.mode];
          };
          const before = state();
          for (const { stderr } of await refusals(without)) expect(stderr).toMatch(told);
          expect(state()).toEqual(before);
        },
      );
      expect((await trap.in('builtin')).code).toBe(0);
    },
  );

  test.skipIf(nobodyMissing.length > 0)(
    'known_hosts that cannot be read is no first use for any way in',
    async () => {
      const prefix = isRoot ? ['setpriv', ...asUser(nobody)] : [];
      if (isRoot) execFileSync('chown', ['-R', `${nobody}:${nobody}`, trap.bed.home]);
      if (isRoot) execFileSync('chown', ['0:0', path()]);
      chmodSync(path(), isRoot ? 0o600 : 0);
      const before = lstatSync(path());
      for (const { stderr } of await refusals([stdio], prefix)) {
        expect(stderr).toMatch(/the host keys in \S+ cannot be read\nhint: make it a file that you can read/);
      }
      expect(lstatSync(path()).mtimeMs).toBe(before.mtimeMs);
      chmodSync(path(), 0o600);
      if (isRoot) execFileSync('chown', ['-R', '0:0', trap.bed.home]);
    },
  );

  test.each(['', 'a/relative/path'])(
    'HOME that is "%s" and no BAI_HOME: nothing is learnt or written anywhere',
    async (HOME) => {
      using folder = tempFolder();
      const env = { HOME, BAI_SSH_DIR: join(folder.path, 'keys') };
      const before = trap.server.log().length;
      for (const words of [...Object.values(commands), stdio]) {
        const child = spawn(process.execPath, [launcher, ...words], {
          env: { ...cleanEnvironment({ home: HOME, env: { ...trap.bed.env, ...env } }) },
          cwd: folder.path,
        });
        child.stdin.end();
        const { code, stdout, stderr } = await finished(child);
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(/the home folder is not known[\s\S]*hint: set HOME; or BAI_HOME/);
      }
      expect(filesIn(folder.path)).toEqual([]);
      expect(trap.server.log().slice(before)).not.toMatch(loginTold);
    },
  );

  test.skipIf(!isRoot || nobodyMissing.length > 0)(
    'no HOME and an account without an entry in the password file: refused; with BAI_HOME and BAI_SSH_DIR let in',
    async () => {
      using folder = tempFolder();
      chmodSync(folder.path, 0o777);
      const { HOME: _, ...env } = cleanEnvironment({ home: '', env: trap.bed.env });
      const start = (words: readonly string[], more: Record<string, string> = {}): Promise<BaiResult> => {
        const child = spawn('setpriv', [...asUser(54_321), process.execPath, launcher, ...words], {
          env: { ...env, ...more },
          cwd: folder.path,
        });
        child.stdin.end();
        return finished(child);
      };
      for (const words of [...Object.values(commands), stdio]) {
        const { code, stdout, stderr } = await start(words);
        expect([code, stdout], stderr).toEqual([1, '']);
        expect(stderr).toMatch(/the home folder is not known/);
      }
      expect((await start(['session', 'list'])).stdout).toMatch(/^demo\t/m);
      const own = { BAI_HOME: join(folder.path, 'own'), BAI_SSH_DIR: join(folder.path, 'keys') };
      expect(await start(commands.builtin, own)).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
      // Beside what is remembered of the server.
      const files = filesIn(folder.path).filter((name) => !name.startsWith('own/servers/'));
      expect(files).toEqual(['own/known_hosts']);
    },
  );

  test('two first uses at once, in processes of their own, all get in and are one pin', async () => {
    expect((await trap.bed.bai(['host-key', 'forget', 'demo'])).code).toBe(0);
    const all = await Promise.all([trap.in('builtin'), trap.in('system'), trap.in('sftp'), plainSsh()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const shown = await trap.bed.bai(['host-key', 'show', 'demo']);
    expect(shown.stdout).toMatch(/^ssh-ed25519 SHA256:\S+ MD5:\S+\n$/);
  });

  test('a key that changed: all ways name both fingerprints, how to forget, and the restart of old agents', async () => {
    const show = async (): Promise<string[]> =>
      (await trap.bed.bai(['host-key', 'show', 'demo'])).stdout.match(/(?:SHA256|MD5):\S+/g) ?? [];
    const old = await show();
    await using second: TestSshd = await startSessionDropbear({
      home: trap.home,
      account: 'work',
      shell: '/bin/bash',
    });
    serve(trap.bed, trap.id, second);
    const before = second.log().length;
    const all = await refusals();
    expect(second.log().slice(before)).not.toMatch(loginTold);
    expect(all.map(({ code }) => code)).toEqual([255, 255, 6, 255]);
    expect((await trap.bed.bai(['host-key', 'forget', 'demo'])).code).toBe(0);
    expect(await trap.in('builtin')).toMatchObject({ code: 0, stdout: 'in\n' });
    const offered = await show();
    expect(offered[0]).toBe(second.hostKeyFingerprint);
    for (const { stderr } of all) {
      for (const fingerprint of [...old, ...offered]) expect(stderr).toContain(fingerprint);
      expect(stderr).toMatch(/Agents before 26\.3 make a new host key when a session is restarted/);
      expect(stderr).toMatch(/`bai host-key forget \S+`/);
    }
    serve(trap.bed, trap.id, trap.server);
  });
});

/** dropbear names the account from the first time that it is asked for a login. */
const loginTold = /auth succeeded|user 'work'/;
