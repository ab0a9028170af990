/** The named traps on the way into a session, each provoked on real dropbear: one message with the cause and the cure. */

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BaiResult, cleanEnvironment, finished } from '../support/bai.ts';
import {
  dropbearMissing,
  generateKey,
  type KeyPair,
  sessionDropbearMissing,
  startDropbear,
  startSessionDropbear,
} from '../support/sshd.ts';
import { openTrap, serve, type TrapBed, ways } from './traps-bed.ts';

const servers = [
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear, longest: 9_000 },
  {
    name: 'the dropbear of sessions',
    missing: sessionDropbearMissing,
    start: startSessionDropbear,
    longest: 20_000,
  },
];

describe.each(servers)('$name', ({ missing, start, longest }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'with its traps', () => {
    let trap: TrapBed;
    let other: KeyPair;
    const keys = (): string => trap.there('.ssh/authorized_keys');

    beforeAll(async () => {
      trap = await openTrap(start);
      other = generateKey();
      writeFileSync(trap.here('own'), other.private, { mode: 0o600 });
      copyFileSync(keys(), trap.here('keys'));
      // ssh of the system says so when it saves the key.
      expect((await trap.in('system')).stdout).toBe('in\n');
    });

    afterAll(() => trap?.[Symbol.asyncDispose]());

    /** Of each way in, which must fail; the error with its hint as a text without line ends. */
    async function refusals(env: Record<string, string> = {}): Promise<string[]> {
      const ran = await Promise.all(ways.map((way) => trap.in(way, { env })));
      expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
        [255, ''],
        [255, ''],
        [3, ''],
      ]);
      return ran.map(({ stderr }) => stderr);
    }

    async function getIn(env: Record<string, string> = {}): Promise<void> {
      for (const way of ways) expect(await trap.in(way, { env }), way).toMatchObject({ code: 0, stderr: '' });
    }

    /** Types what stands in a hint's first `…` into a shell of the session. */
    function typeCure(stderr: string): void {
      const cure = /[Tt]ype `([^`]+)`/.exec(stderr)?.[1] ?? 'false';
      execFileSync('bash', ['-c', cure], { env: { ...process.env, HOME: trap.home } });
    }

    test.each(['', '.ssh', '.ssh/authorized_keys'])(
      'others may write to ~/%s: the permissions are named, and the command that mends them does',
      async (path) => {
        chmodSync(trap.there(path), 0o775);
        const told = await refusals();
        for (const stderr of told)
          expect(stderr).toMatch(/refused a key that it lists: .*writable by others/);
        typeCure(told[0] ?? '');
        await getIn();
      },
    );

    test('a key of the user’s own that the session does not list: it is named, and the command that lists it lets it in', async () => {
      const env = { BAI_IDENTITY: trap.here('own') };
      const told = await refusals(env);
      for (const stderr of told) {
        expect(stderr).toContain(`refused ${trap.here('own')} (SHA256:`);
        expect(stderr).toMatch(/authorized_keys does not list that key[\s\S]*leave out --identity/);
      }
      await getIn();
      const cure = /`bai (key authorize [^`]+)`/.exec(told[0] ?? '')?.[1] ?? 'false';
      expect(await trap.bed.bai(cure.split(' '))).toMatchObject({ code: 0 });
      await getIn(env);
      copyFileSync(trap.here('keys'), keys());
    });

    test('the saved key of another session: it is said that it is stale, with the fingerprint of the right one', async () => {
      const id = await trap.bed.create('second');
      await using second = await start({ account: 'work' });
      serve(trap.bed, id, second);
      const path = trap.here('stale');
      expect((await trap.bed.bai(['key', 'fetch', 'second', '--output', path])).code).toBe(0);
      const right = await trap.bed.bai(['key', 'fetch', 'demo', '--json']);
      const { fingerprint }: { fingerprint: string } = JSON.parse(right.stdout);
      for (const stderr of await refusals({ BAI_IDENTITY: path })) {
        expect(stderr).toMatch(/stale \(SHA256:\S+\): it is the key of another session/);
        expect(stderr).toContain(`own key (${fingerprint})`);
      }
      await trap.bed.bai(['session', 'terminate', 'second']);
    });

    test('an account that is not there: the usual one is named', async () => {
      for (const stderr of await refusals({ BAI_USER: 'alice' })) {
        expect(stderr).toMatch(/knows the key, but not for account alice[\s\S]*nearly always work/);
      }
    });

    test('a folder mounted on ~/.ssh with other keys: it is named, and both cures let in', async () => {
      const { mounts } = trap.bed.emulator.sessions.get(trap.id).spec;
      Object.assign(mounts, { '.ssh': '.ssh' });
      writeFileSync(keys(), `${other.public}\n`);
      const told = await refusals();
      for (const stderr of told) {
        expect(stderr).toMatch(/your folder \.ssh is mounted on its ~\/\.ssh[\s\S]*--identity FILE/);
      }
      const asJson = await trap.bed.bai(['--json', 'sftp', 'ls', 'demo:.']);
      expect(JSON.parse(asJson.stderr)).toMatchObject({
        error: { code: 'key-refused', reason: 'mounted-ssh', user: 'work' },
      });
      const env = { BAI_IDENTITY: trap.here('own') };
      await getIn(env);
      const more = ['key', 'authorize', 'demo', generateKey().public];
      expect((await trap.bed.bai(more, { env })).stdout).toMatch(/^added: /);
      typeCure(told[0] ?? '');
      await getIn();
      Reflect.deleteProperty(mounts, '.ssh');
      copyFileSync(trap.here('keys'), keys());
    });

    test('authorized_keys that somebody replaced: it is said that it does not list the session’s own key', async () => {
      writeFileSync(keys(), `# none\n${other.public}\n`);
      const told = await refusals();
      for (const stderr of told) expect(stderr).toMatch(/its ~\/\.ssh\/authorized_keys does not list it/);
      typeCure(told[0] ?? '');
      await getIn();
      copyFileSync(trap.here('keys'), keys());
    });

    test('no authorized_keys at all: what cannot be known is said to be likely only', async () => {
      rmSync(keys());
      for (const stderr of await refusals())
        expect(stderr).toMatch(/does not show[\s\S]*most likely[\s\S]*missing/);
      copyFileSync(trap.here('keys'), keys());
      await getIn();
    });

    test.each([
      ['Welcome to the machine', '"Welc"'],
      ['\u001B[33mhello', String.raw`"\u001b[33"`],
      ['hi', String.raw`"hi\n"`],
      ['', String.raw`"\n"`],
      ['안녕', '"안"'],
    ])(
      '.bashrc prints %j: SFTP says what it begins with and the number OpenSSH shows',
      async (printed, shown) => {
        const rc = trap.there('.bashrc');
        writeFileSync(rc, `printf '%s\\n' '${printed}'\n`);
        const failed = await trap.in('sftp');
        expect([failed.code, failed.stdout]).toEqual([1, '']);
        expect(failed.stderr).toContain(`sent text where SFTP belongs; it begins with ${shown}`);
        const number = /Received message too long (\d+)/.exec(failed.stderr)?.[1];
        expect(await plainSftp(trap)).toContain(`Received message too long ${number}`);
        const guard = /put `([^`]+)`/.exec(failed.stderr)?.[1];
        writeFileSync(rc, `${guard}\nprintf '%s\\n' '${printed}'\n`);
        await getIn();
        rmSync(rc);
      },
    );

    test('id_container removed: all ways say so, and bringing it back from ~/.ssh/id_rsa helps', async () => {
      copyFileSync(trap.there('id_container'), trap.there('.ssh/id_rsa'));
      rmSync(trap.there('id_container'));
      const ran = await Promise.all(ways.map((way) => trap.in(way)));
      for (const { code, stdout, stderr } of ran) {
        expect([code, stdout]).toEqual([4, '']);
        expect(stderr).toMatch(
          /hands out no id_container: it is not in its home folder\nhint: .*--identity FILE/,
        );
      }
      const cure = /`(cp [^`]+)`/.exec(ran[0]?.stderr ?? '')?.[1] ?? 'false';
      execFileSync('sh', ['-c', cure], { env: { ...process.env, HOME: trap.home } });
      await getIn();
    });

    test('no id_container since a folder is mounted on ~/.ssh: the folder is named', async () => {
      const { mounts } = trap.bed.emulator.sessions.get(trap.id).spec;
      Object.assign(mounts, { '.ssh': '.ssh' });
      rmSync(trap.there('id_container'));
      for (const { code, stderr } of await Promise.all(ways.map((way) => trap.in(way)))) {
        expect(code).toBe(4);
        expect(stderr).toMatch(/your folder \.ssh is mounted on its ~\/\.ssh\nhint: .*--identity FILE/);
      }
      await getIn({ BAI_IDENTITY: trap.server.privateKeyPath });
      Reflect.deleteProperty(mounts, '.ssh');
      copyFileSync(trap.server.privateKeyPath, trap.there('id_container'));
    });

    test('a command of the longest length goes through, one byte more is explained', async () => {
      const command = (bytes: number): string => `echo in; : ${'x'.repeat(bytes - 11)}`;
      for (const client of ['builtin', 'system'] as const) {
        const runs = (bytes: number): Promise<BaiResult> => trap.in(client, { command: command(bytes) });
        expect(await runs(longest)).toMatchObject({ code: 0, stdout: 'in\n' });
        const refused = await runs(longest + 1);
        expect([refused.code, refused.stdout], client).toEqual([255, '']);
        expect(refused.stderr).toMatch(
          new RegExp(
            `too long for session demo: ${longest + 1} bytes, and its sshd \\(dropbear_\\S+\\) takes ${longest}`,
          ),
        );
        expect(refused.stderr).toContain('bai ssh demo -- bash -s < FILE');
        const options = { env: {}, input: command(longest + 1) };
        const cured = await trap.bed.bai(['ssh', 'demo', '--client', client, '--', 'bash -s'], options);
        expect(cured).toMatchObject({ code: 0, stdout: 'in\n' });
      }
    });
  });
});

/** What OpenSSH's own sftp prints on stderr. */
async function plainSftp(trap: TrapBed): Promise<string> {
  const { bed } = trap;
  expect((await bed.bai(['ssh-config', 'install'])).code).toBe(0);
  const child = spawn('sftp', ['-F', trap.here('.ssh/config'), '-b', '-', 'demo.bai'], {
    env: cleanEnvironment({ home: bed.home, env: bed.env }),
  });
  child.stdin.on('error', () => {});
  child.stdin.end('ls\n');
  return (await finished(child)).stderr;
}
