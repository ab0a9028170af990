/** Bai's own files: many commands that change one at once, disks that are full, writers that are killed, folders of others. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mountSmallDisk, smallDiskMissing } from '../faults/small-disk.ts';
import {
  type BaiResult,
  bai,
  cleanEnvironment,
  finished,
  launcher,
  startBai,
  untilPrinted,
} from '../support/bai.ts';
import { specialFiles } from '../support/special-files.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, filesIn, openEmulator } from './app-bed.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const canTrace = isPossible('strace', ['-f', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO', 'true']);
const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const canBeNobody = isRoot && isPossible('setpriv', [...nobody, process.execPath, launcher, '--version']);

function isPossible(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Keys that bai knows, each with a value that it takes. */
const values: Readonly<Record<string, string>> = {
  domain: 'lab',
  project: 'one',
  user: 'me',
  sshPort: '2222',
  mounts: 'data',
  connectTimeout: '5',
  readTimeout: '6',
  accessKey: 'AKIA',
};

function profileIn(folder: string): Record<string, string> {
  const { profiles } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    profiles: Record<string, Record<string, string>>;
  };
  return profiles['default'] ?? {};
}

/** No lock, and nothing half written. */
const strays = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('.'));

describe('config set', () => {
  test('eight at once: four are kept, and all say that they were', async () => {
    using folder = tempFolder();
    const own = join(folder.path, 'own');
    for (let round = 0; round < 3; round += 1) {
      rmSync(own, { recursive: true, force: true });
      const all = await Promise.all(
        Object.entries(values).map(([name, value]) =>
          bai(['config', 'set', name, value], { home: folder.path, env: { BAI_HOME: own } }),
        ),
      );
      expect(all.map(({ code }) => code)).toEqual(all.map(() => 0));
      expect(profileIn(own)).toEqual(values);
      expect(readdirSync(own)).toEqual(['config.json']);
      expect(lstatSync(join(own, 'config.json')).mode & 0o777).toBe(0o600);
    }
  });

  test('set and unset at once: what is not named by either stays', async () => {
    using folder = tempFolder();
    const env = { BAI_HOME: folder.path };
    const config = (...args: string[]): Promise<BaiResult> =>
      bai(['config', ...args], { home: folder.path, env });
    for (const [name, value] of Object.entries(values).slice(0, 4)) await config('set', name, value);
    await Promise.all([
      config('unset', 'domain'),
      config('unset', 'user'),
      config('set', 'readTimeout', '9'),
      config('set', 'project', 'two', '--profile', 'other'),
    ]);
    expect(profileIn(folder.path)).toEqual({ project: 'one', sshPort: '2222', readTimeout: '9' });
  });

  test('a link in the place of the file stays one', async () => {
    using folder = tempFolder();
    const env = { BAI_HOME: join(folder.path, 'own') };
    mkdirSync(join(folder.path, 'own'));
    writeFileSync(join(folder.path, 'dotfile.json'), '{"profiles":{"default":{"domain":"old"}}}');
    symlinkSync('../dotfile.json', join(folder.path, 'own', 'config.json'));
    const set = await bai(['config', 'set', 'user', 'me'], { home: folder.path, env });
    expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('is stored in profile') });
    expect(lstatSync(join(folder.path, 'own', 'config.json')).isSymbolicLink()).toBe(true);
    expect(profileIn(join(folder.path, 'own'))).toEqual({ domain: 'old', user: 'me' });
  });

  test.each(specialFiles)(
    '$kind in the place of the file is named, and waited for by nobody',
    async ({ make }) => {
      using folder = tempFolder();
      const env = { BAI_HOME: folder.path };
      await make(join(folder.path, 'config.json'));
      for (const args of [
        ['config', 'list'],
        ['config', 'set', 'user', 'me'],
      ]) {
        const refused = await bai([...args, '--json'], { home: folder.path, env });
        expect(refused.code).toBe(1);
        expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'not-a-file' } });
      }
      expect(lstatSync(join(folder.path, 'config.json')).isFile()).toBe(false);
    },
  );

  test('a command that is stopped while it writes is waited for, told of, and left alone after Ctrl-C', async () => {
    using folder = tempFolder();
    const env = { BAI_HOME: folder.path };
    // As one that holds the lock: this process, which lives.
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const owner = { host: execFileSync('uname', ['-n']).toString().trim(), pid: process.pid, started };
    writeFileSync(join(folder.path, '.config.json.bai-lock'), `${JSON.stringify({ owner, token: 'x' })}\n`);
    const child = startBai(['config', 'set', 'user', 'me'], { home: folder.path, env });
    const ended = finished(child);
    await untilPrinted(child, 'stderr', new RegExp(`waiting for process ${process.pid} on .*config.json`));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stdout: '' });
    expect(existsSync(join(folder.path, 'config.json'))).toBe(false);
  });

  describe.skipIf(!canTrace)('killed at a system call', () => {
    const calls = ['fsync', 'rename,renameat,renameat2', 'link,linkat', 'unlink,unlinkat', 'mkdir,mkdirat'];
    test.each(calls.flatMap((call) => [1, 2, 3].map((when) => [call, when] as const)))(
      '%s, the %i. time: the settings are the old or the new ones, and the next command goes on',
      async (call, when) => {
        using folder = tempFolder();
        const own = join(folder.path, 'own');
        const env = { BAI_HOME: own };
        await bai(['config', 'set', 'user', 'old'], { home: folder.path, env });
        const inject = [
          '-f',
          '-o',
          join(folder.path, 'trace'),
          '-e',
          `inject=${call}:signal=KILL:when=${when}`,
        ];
        const words = [...inject, process.execPath, launcher, 'config', 'set', 'user', 'new'];
        // strace counts in each thread.
        const one = { ...env, UV_THREADPOOL_SIZE: '1' };
        const isKilled = await run('strace', words, {
          env: cleanEnvironment({ home: folder.path, env: one }),
        }).then(
          () => false,
          () => true,
        );
        // Which is what it does at least once of each.
        if (when === 1) expect(isKilled).toBe(true);
        expect(['old', 'new']).toContain(profileIn(own)['user']);
        const next = await bai(['config', 'set', 'domain', 'lab'], { home: folder.path, env });
        expect(next.code).toBe(0);
        expect(profileIn(own)).toMatchObject({ domain: 'lab' });
        expect(['old', 'new']).toContain(profileIn(own)['user']);
        expect(strays(own).filter((name) => name.startsWith('.config.json'))).toEqual([]);
      },
    );
  });
});

describe.skipIf(smallDiskMissing !== undefined)(`a full disk ${smallDiskMissing ?? ''}`, () => {
  test('leaves the settings as they were, and says so', async () => {
    using folder = tempFolder();
    await using disk = await mountSmallDisk(join(folder.path, 'disk'), 1);
    const env = { BAI_HOME: join(disk.path, 'own') };
    const long = 'x'.repeat(6_000);
    await bai(['config', 'set', 'project', long], { home: folder.path, env });
    const before = readFileSync(join(disk.path, 'own', 'config.json'));
    for (const room of [0, 4_096, 8_192, 12_288]) {
      await disk.clear();
      await disk.leave(room);
      const set = await bai(['config', 'set', 'domain', 'y'.repeat(9_000)], { home: folder.path, env });
      expect([room, set.code]).toEqual([room, 1]);
      expect(set.stderr).toMatch(/the disk is full[\s\S]*nothing was changed/);
      expect(readFileSync(join(disk.path, 'own', 'config.json')).equals(before)).toBe(true);
    }
    await disk.clear();
    expect((await bai(['config', 'set', 'domain', 'z'], { home: folder.path, env })).code).toBe(0);
    expect(strays(join(disk.path, 'own'))).toEqual([]);
  });
});

describe('a folder that bai cannot write to', () => {
  test.skipIf(!canBeNobody).each([
    ['HOME=/', '/'],
    ['HOME=/nonexistent', '/nonexistent'],
  ])('%s as nobody: an endless loop that SIGTERM does not end', async (_, home) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home };
    const child = spawn('setpriv', [...nobody, process.execPath, launcher, 'config', 'set', 'user', 'me'], {
      env,
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const set = await finished(child);
    expect(set.code).toBe(1);
    expect(set.stderr).toContain(`${join(home, '.config/bai')} cannot be written: permission denied`);
    expect(set.stderr).toContain('BAI_HOME=');
  });

  test.skipIf(!existsSync('/proc/self'))('BAI_HOME below /proc fails at once, with the reason', async () => {
    using folder = tempFolder();
    for (const args of [
      ['config', 'set', 'user', 'me'],
      ['local', 'up'],
    ]) {
      const child = startBai([...args, '--json'], { home: folder.path, env: { BAI_HOME: '/proc/a/b' } });
      const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
      const refused = await finished(child);
      clearTimeout(limit);
      expect(refused.code).toBe(1);
      const { error } = JSON.parse(refused.stderr) as { error: { code: string; hint: string } };
      expect(error).toMatchObject({ code: 'local-enoent', hint: expect.stringContaining('BAI_HOME=') });
    }
  });

  test('a relative XDG folder is ignored, as its specification says', async () => {
    using folder = tempFolder();
    const env = {
      XDG_CONFIG_HOME: 'relative',
      XDG_DATA_HOME: './data',
      XDG_STATE_HOME: 'x',
      XDG_CACHE_HOME: 'y',
    };
    const set = await bai(['config', 'set', 'user', 'me'], { home: folder.path, env });
    expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('is stored in profile') });
    expect(filesIn(folder.path)).toEqual(['.config/bai/config.json']);
    const path = await bai(['config', 'path'], { home: folder.path, env, cwd: '/' });
    expect(path.stdout).toBe(`${join(folder.path, '.config/bai/config.json')}\n`);
    const homeless = await bai(['config', 'path', '--json'], { home: '', env });
    expect(JSON.parse(homeless.stderr)).toMatchObject({ error: { code: 'no-home' } });
  });
});

describe('with a session', () => {
  let bed: EmulatorBed;
  const own = (...parts: string[]): string => join(bed.home, '.local/share/bai', ...parts);
  beforeAll(async () => {
    bed = await openEmulator();
    for (const name of ['alpha', 'bravo', 'charlie', 'delta']) await bed.create(name);
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  test('first logins into many sessions at once all leave their host key and their key', async () => {
    const names = ['alpha', 'bravo', 'charlie', 'delta'];
    const all = await Promise.all(
      [...names, ...names].map((name, index) =>
        bed.bai(
          index < 4 ? ['sftp', 'ls', name] : ['key', 'fetch', name, '-o', join(bed.home, 'keys', name)],
        ),
      ),
    );
    expect(all.map(({ code, stderr }) => [code, stderr.includes('error')])).toEqual(
      all.map(() => [0, false]),
    );
    const pins = readFileSync(own('known_hosts'), 'utf8').trimEnd().split('\n');
    expect(new Set(pins.map((line) => line.split(' ')[0])).size).toBe(4);
    const ledger = readFileSync(own('keys.jsonl'), 'utf8');
    for (const name of names) expect(ledger).toContain(join(bed.home, 'keys', name));
    expect(strays(own())).toEqual([]);
  });

  test('ssh-config install eight times at once: the user’s file has one Include line and all that was in it', async () => {
    const config = join(bed.home, '.ssh', 'config');
    const before = 'Host mine\n  User me\n';
    mkdirSync(join(bed.home, '.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(config, before);
    const all = await Promise.all(Array.from({ length: 8 }, () => bed.bai(['ssh-config', 'install'])));
    expect(all.map(({ code }) => code)).toEqual(all.map(() => 0));
    const text = readFileSync(config, 'utf8');
    expect(text.match(/^Include/gm)).toHaveLength(1);
    expect(text.endsWith(before)).toBe(true);
    expect(strays(join(bed.home, '.ssh'))).toEqual([]);
    const none = await Promise.all(Array.from({ length: 8 }, () => bed.bai(['ssh-config', 'remove'])));
    expect(none.map(({ code }) => code)).toEqual(none.map(() => 0));
    expect(readFileSync(config, 'utf8')).toBe(before);
  });

  test('ssh-config install and remove at once: both files name each other, or neither is there', async () => {
    const config = join(bed.home, '.ssh', 'config');
    const before = 'Host mine\n  User me\n';
    mkdirSync(join(bed.home, '.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(config, before);
    for (let round = 0; round < 3; round += 1) {
      const commands = ['install', 'remove', 'install', 'remove', 'install', 'remove'];
      const all = await Promise.all(commands.map((command) => bed.bai(['ssh-config', command])));
      expect(all.map(({ code }) => code)).toEqual(all.map(() => 0));
      const lines = readFileSync(config, 'utf8').match(/^Include/gm) ?? [];
      expect(lines).toHaveLength(existsSync(own('ssh_config')) ? 1 : 0);
      expect(strays(own())).toEqual([]);
      expect(readdirSync(own()).filter((name) => name.includes('check'))).toEqual([]);
    }
    await bed.bai(['ssh-config', 'remove']);
    expect(readFileSync(config, 'utf8')).toBe(before);
  });

  test.each(specialFiles)(
    '$kind in the place of ~/.ssh/config is named, and not replaced',
    async ({ make }) => {
      const config = join(bed.home, '.ssh', 'config');
      rmSync(config, { force: true });
      await make(config);
      const refused = await bed.bai(['ssh-config', 'install', '--json']);
      expect(refused.code).toBe(1);
      expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'ssh-config-not-usable' } });
      expect(lstatSync(config).isFile()).toBe(false);
      rmSync(config);
    },
  );

  test.each(specialFiles)(
    '$kind in the place of a key or a site is not replaced, with --force either',
    async ({ make }) => {
      using folder = tempFolder();
      const path = join(folder.path, 'p');
      await make(path);
      const ino = lstatSync(path).ino;
      const key = join(folder.path, 'key');
      await bed.bai(['key', 'generate', '--no-passphrase', '-o', key]);
      for (const [code, ...args] of [
        ['key-conflict', 'key', 'fetch', 'alpha', '-o', path],
        ['key-conflict', 'key', 'generate', '--no-passphrase', '-o', path],
        ['key-conflict', 'key', 'convert', key, '--to', 'ppk', '-o', path],
        ['site-conflict', 'sftp', 'site', 'alpha', '--filezilla', path],
      ] as const) {
        const refused = await bed.bai([...args, '--force', '--json']);
        expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([6, { error: { code } }]);
      }
      expect(lstatSync(path)).toMatchObject({ ino });
      expect(readdirSync(folder.path).sort()).toEqual(['key', 'key.pub', 'p']);
    },
  );
});

describe.skipIf(smallDiskMissing !== undefined)(
  `a first login on a full disk ${smallDiskMissing ?? ''}`,
  () => {
    test('half a line in known_hosts is later taken for a pin, and "somebody may be intercepting the connection"', async () => {
      await using bed = await openEmulator();
      await bed.create('demo');
      await using disk = await mountSmallDisk(join(bed.home, 'disk'), 1);
      const own = join(disk.path, 'own');
      const env = { BAI_HOME: own, BAI_KEY_STORE: 'memory' };
      mkdirSync(own);
      // The next line begins just before the end of a page, and there is no further page.
      writeFileSync(join(own, 'known_hosts'), `# ${'x'.repeat(4_050)}\n`);
      await disk.leave(0);
      const refused = await bed.bai(['sftp', 'ls', 'demo'], { env });
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('the disk is full');
      expect(readFileSync(join(own, 'known_hosts'), 'utf8')).toMatch(/^# x+\n$/);
      await disk.clear();
      expect((await bed.bai(['sftp', 'ls', 'demo'], { env })).code).toBe(0);
      expect(readFileSync(join(own, 'known_hosts'), 'utf8')).toMatch(/^# x+\nbai-\S+ ssh-\S+ \S+\n$/);
    });

    test('half a line that an earlier bai left is no pin, and is taken away by the next one', async () => {
      await using bed = await openEmulator();
      await bed.create('demo');
      await bed.create('more');
      const env = { BAI_HOME: join(bed.home, 'own') };
      expect((await bed.bai(['sftp', 'ls', 'demo'], { env })).code).toBe(0);
      const path = join(bed.home, 'own', 'known_hosts');
      const whole = readFileSync(path, 'utf8');
      for (let length = 1; length < whole.length - 1; length += 31) {
        for (const rest of ['', '\n# mine\n']) {
          writeFileSync(path, whole.slice(0, length) + rest);
          const again = await bed.bai(['sftp', 'ls', 'demo'], { env });
          // Without the beginning of its key, a line in the middle cannot be told from one of somebody else's.
          const isKnown = rest === '' || (whole.slice(0, length).split(' ')[2] ?? '').length > 30;
          if (!isKnown) continue;
          expect([length, rest, again.code, again.stderr]).toMatchObject([
            length,
            rest,
            0,
            expect.not.stringContaining('between'),
          ]);
          expect(
            readFileSync(path, 'utf8')
              .split('\n')
              .filter((line) => line.startsWith('bai-')),
          ).toHaveLength(1);
        }
      }
      chmodSync(path, 0o600);
    }, 240_000);
  },
);

test.skipIf(!canTrace)('a manager’s state that two claim at once is one of the two, whole', async () => {
  using folder = tempFolder();
  const env = { BAI_HOME: join(folder.path, 'own') };
  const both = [0, 1, 2].map(() => startBai(['local', 'serve'], { home: folder.path, env }));
  const first = await Promise.race(
    both.map(async (child) => [(await once(child, 'close'))[0], child] as const),
  );
  expect(first[0]).toBe(6);
  const up = await bai(['local', 'status', '--json'], { home: folder.path, env });
  expect(up.code).toBe(0);
  for (const child of both) child.kill('SIGTERM');
  const left = both.filter((child) => child.exitCode === null);
  await Promise.all(left.map((child) => once(child, 'close')));
  expect(existsSync(join(folder.path, 'own', 'local.json'))).toBe(false);
  expect(strays(join(folder.path, 'own'))).toEqual([]);
});
