/** OpenSSH's programs, rsync and git through the configuration that `bai ssh-config` writes, with real servers. */

import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, dial, filesIn, freePort, isAlive, take, until } from '../contract/app-bed.ts';
import { type BaiResult, finished, untilPrinted } from '../support/bai.ts';
import {
  sessionDropbearMissing,
  sshdMissing,
  startSessionDropbear,
  startSshd,
  type TestSshd,
} from '../support/sshd.ts';
import { openPlainSsh, type PlainSshBed, placeServer } from './plain-ssh-bed.ts';

const servers: readonly {
  readonly name: string;
  readonly missing: string | undefined;
  readonly start: () => Promise<TestSshd>;
}[] = [
  { name: 'OpenSSH', missing: sshdMissing, start: () => startSshd() },
  { name: 'the dropbear of sessions', missing: sessionDropbearMissing, start: () => startSessionDropbear() },
];

describe.each(servers)('$name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'with plain programs', () => {
    let plain: PlainSshBed;

    beforeAll(async () => {
      plain = await openPlainSsh(start);
    });

    afterAll(() => plain?.[Symbol.asyncDispose]());

    const ssh = (...args: string[]): Promise<BaiResult> => plain.run('ssh', ['-F', plain.config, ...args]);
    const there = (...parts: string[]): string => join(plain.server.home, ...parts);
    const here = (...parts: string[]): string => join(plain.bed.home, ...parts);

    test('ssh in the very first place: key and host key are there when it needs them', async () => {
      expect(existsSync(here('.ssh/id_container'))).toBe(false);
      const ran = await ssh('demo.bai', 'echo out; echo err >&2; exit 3');
      expect([ran.code, ran.stdout, ran.stderr]).toEqual([3, 'out\n', 'err\n']);
      expect(existsSync(here('.ssh/id_container'))).toBe(true);
    });

    test('a session that the file does not list is a host all the same, by its name and by its id', async () => {
      const id = await plain.create('later');
      for (const host of ['later.bai', `${id}.bai`]) {
        expect(await ssh(host, 'echo in'), host).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
      }
    });

    test('ssh -G shows what is needed, and a check that is on', async () => {
      const id = plain.bed.emulator.sessions.get('demo').id;
      const listed = (await ssh('-G', 'demo.bai')).stdout;
      for (const line of [
        `user ${plain.server.user}`,
        `hostkeyalias bai-${id}`,
        'identitiesonly yes',
        `identityfile ${here('.ssh/id_container')}`,
        `userknownhostsfile ${here('.local/share/bai/known_hosts')}`,
        'stricthostkeychecking true',
      ]) {
        expect(listed.split('\n')).toContain(line);
      }
      const named = (await ssh('-G', 'Later.bai')).stdout.split('\n');
      expect(named).toContain('stricthostkeychecking true');
      expect(named.find((line) => line.startsWith('proxycommand '))).toMatch(/--ssh-host '%n' -- '%n'$/);
      expect((await ssh('-G', 'demo.example.com')).stdout).not.toContain('bai');
    });

    test('scp and sftp bring files there and back, byte for byte', async () => {
      const bytes = Buffer.alloc(3 << 20, 'bytes that are not all the same ');
      writeFileSync(here('data'), bytes);
      const scp = ['-F', plain.config, '-X', 'buffer=32768'];
      expect(await plain.run('scp', [...scp, here('data'), `demo.bai:${there('data')}`])).toMatchObject({
        code: 0,
      });
      expect(await plain.run('scp', [...scp, `demo.bai:${there('data')}`, here('back')])).toMatchObject({
        code: 0,
      });
      expect(readFileSync(here('back')).equals(bytes)).toBe(true);
      const batch = `get ${there('data')} ${here('again')}\nput ${here('data')} ${there('data2')}\n`;
      const sftp = await plain.run('sftp', ['-F', plain.config, '-B', '32768', '-b', '-', 'demo.bai'], batch);
      expect(sftp.code, sftp.stderr).toBe(0);
      expect(readFileSync(here('again')).equals(bytes)).toBe(true);
      expect(readFileSync(there('data2')).equals(bytes)).toBe(true);
    });

    test('rsync', async () => {
      mkdirSync(here('folder'), { recursive: true });
      for (const name of ['a', 'b c', 'ü']) writeFileSync(here('folder', name), name);
      const through = ['-a', '-e', `ssh -F ${plain.config}`];
      const put = await plain.run('rsync', [...through, 'folder/', `demo.bai:${there('folder')}/`]);
      expect(put.code, put.stderr).toBe(0);
      expect(readdirSync(there('folder')).sort()).toEqual(['a', 'b c', 'ü']);
      const get = await plain.run('rsync', [...through, `demo.bai:${there('folder')}/`, 'returned/']);
      expect(get.code, get.stderr).toBe(0);
      expect(readFileSync(here('returned', 'b c'), 'utf8')).toBe('b c');
    });

    test('git clone and git push', async () => {
      const git = async (...args: string[]): Promise<BaiResult> => {
        const ran = await plain.run('git', ['-c', 'user.name=me', '-c', 'user.email=me@here', ...args]);
        expect(ran.code, ran.stderr).toBe(0);
        return ran;
      };
      await git('init', '-q', '--bare', '-b', 'main', there('repo.git'));
      await git('clone', '-q', `demo.bai:${there('repo.git')}`, 'clone');
      writeFileSync(here('clone/file'), 'content\n');
      await git('-C', 'clone', 'checkout', '-q', '-b', 'main');
      await git('-C', 'clone', 'add', 'file');
      await git('-C', 'clone', 'commit', '-q', '-m', 'one');
      await git('-C', 'clone', 'push', '-q', 'origin', 'main');
      await git('clone', '-q', `ssh://demo.bai${there('repo.git')}`, 'second');
      expect(readFileSync(here('second/file'), 'utf8')).toBe('content\n');
    });

    test('as VS Code connects: ssh -T -D PORT host, with a script on stdin', async () => {
      const target = createServer((socket) => socket.end('through\n')).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const address = target.address();
      const targetPort = typeof address === 'object' && address !== null ? address.port : 0;
      const port = await freePort();
      const args = ['-F', plain.config, '-T', '-D', String(port), '-o', 'ConnectTimeout=15', 'demo.bai'];
      const child = plain.start('ssh', args);
      child.stdin.write('echo "ready: $((6 * 7))"\ncat\n');
      await untilPrinted(child, 'stdout', /ready: 42/);
      const socket = await dial(port);
      socket.write(Buffer.from([5, 1, 0]));
      expect([...(await take(socket, 2))]).toEqual([5, 0]);
      socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, targetPort >> 8, targetPort & 255]));
      const answer = await take(socket, 18);
      expect([[...answer.subarray(0, 2)], answer.subarray(10).toString()]).toEqual([[5, 0], 'through\n']);
      socket.destroy();
      const ended = finished(child);
      child.stdin.end('last words\n');
      expect(await ended).toMatchObject({ code: 0, stdout: 'last words\n' });
      target.close();
    });

    test('ssh -J goes on through a session to a host behind it', async () => {
      await using behind = await startSshd();
      const config = here('behind.config');
      const block = [
        `Include ${plain.config}`,
        'Host behind',
        `  HostName 127.0.0.1`,
        `  Port ${behind.port}`,
        `  User ${behind.user}`,
        `  IdentityFile ${behind.privateKeyPath}`,
        `  UserKnownHostsFile ${here('behind.known')}`,
        '  StrictHostKeyChecking accept-new',
      ];
      writeFileSync(config, `${block.join('\n')}\n`);
      const ran = await plain.run('ssh', ['-F', config, '-J', 'demo.bai', 'behind', 'echo $HOME']);
      expect([ran.code, ran.stdout]).toEqual([0, `${behind.home}\n`]);
    });

    test('ssh that is killed outright leaves no bai and no tunnel', async () => {
      const child = plain.start('ssh', ['-F', plain.config, 'demo.bai', 'echo ready; sleep 600']);
      await untilPrinted(child, 'stdout', /ready/);
      const [proxy = 0] = childrenOf(child.pid ?? 0);
      expect(isAlive(proxy)).toBe(true);
      child.kill('SIGKILL');
      await until(() => !isAlive(proxy), 'bai has ended');
      await until(() => plain.bed.emulator.openTunnels === 0, 'no tunnel is open');
    });
  });
});

describe.skipIf(sshdMissing !== undefined)('host keys', () => {
  let plain: PlainSshBed;

  beforeAll(async () => {
    plain = await openPlainSsh(startSshd);
  });

  afterAll(() => plain?.[Symbol.asyncDispose]());

  const ssh = (...args: string[]): Promise<BaiResult> => plain.run('ssh', ['-F', plain.config, ...args]);

  test('a host key that changed is refused for the session’s name, its id and its listed host', async () => {
    const id = await plain.create('changing');
    await plain.install();
    const hosts = ['changing.bai', `${id}.bai`];
    for (const host of hosts) expect((await ssh(host, 'echo in')).stdout).toBe('in\n');
    await using other = await startSshd();
    placeServer(plain.bed, id, other);
    for (const host of hosts) {
      const refused = await ssh(host, 'echo in');
      expect([refused.code, refused.stdout]).toEqual([255, '']);
      expect(refused.stderr).toMatch(/is not the one pinned for it[\s\S]*bai host-key forget/);
    }
    expect((await plain.bed.bai(['host-key', 'forget', 'changing'])).code).toBe(0);
    for (const host of hosts) expect((await ssh(host, 'echo in')).stdout).toBe('in\n');
  });

  test('a new session of an old name is known by its own key, and never by the old one', async () => {
    await plain.create('reused');
    expect((await ssh('reused.bai', 'echo in')).stdout).toBe('in\n');
    await plain.bed.bai(['session', 'terminate', 'reused']);
    await using other = await startSshd();
    rmSync(join(plain.bed.home, '.ssh/id_container'));
    const id = await plain.create('reused', other);
    const ran = await ssh('reused.bai', 'echo in');
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'in\n' });
    placeServer(plain.bed, id, plain.server);
    expect((await ssh('reused.bai', 'echo in')).code).toBe(255);
  });

  test('connections that begin together the first time all get in', async () => {
    await plain.create('crowd');
    rmSync(join(plain.bed.home, '.ssh/id_container'), { force: true });
    const all = await Promise.all(Array.from({ length: 6 }, () => ssh('crowd.bai', 'echo in')));
    expect(all.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(
      Array.from({ length: 6 }, () => [0, 'in\n', '']),
    );
  });

  test('a session whose key is not the one in id_container is let in with its own', async () => {
    rmSync(join(plain.bed.home, '.ssh/id_container'), { force: true });
    expect((await ssh('demo.bai', 'true')).code).toBe(0);
    await using other = await startSshd();
    const id = await plain.create('foreign', other);
    const hosts = ['foreign.bai', `${id}.bai`, 'demo.bai', 'foreign.bai'];
    const letIn = async (): Promise<void> => {
      for (const host of hosts) {
        const ran = await ssh(host, 'echo in');
        expect([ran.code, ran.stdout, ran.stderr], host).toEqual([0, 'in\n', '']);
      }
    };
    await letIn();
    // All keys lost; and then id_container is another session's.
    for (const name of filesIn(join(plain.bed.home, '.ssh'))) {
      if (name.startsWith('id_container')) rmSync(join(plain.bed.home, '.ssh', name));
    }
    await letIn();
  });

  test('a listed session that has ended: it is said, with how to bring the list up to date', async () => {
    await plain.create('gone');
    await plain.install();
    await plain.bed.bai(['session', 'terminate', 'gone']);
    const failed = await ssh('gone.bai', 'true');
    expect([failed.code, failed.stdout]).toEqual([255, '']);
    expect(failed.stderr).toMatch(/has ended[\s\S]*bai ssh-config install/);
  });

  test('the user’s own options for every host come after bai’s', async () => {
    const before = readFileSync(plain.config, 'utf8');
    writeFileSync(
      plain.config,
      `${before}Host *\n  User nobody\n  ProxyCommand false\n  StrictHostKeyChecking no\n  IdentityFile /nowhere\n  Port 1\n  HostKeyAlgorithms ssh-ed25519\n`,
    );
    chmodSync(plain.config, 0o600);
    expect(await ssh('demo.bai', 'echo in')).toMatchObject({ code: 0, stdout: 'in\n' });
    writeFileSync(plain.config, before);
  });

  test.each([
    '$(touch pwned)',
    '`touch pwned`',
    "';touch pwned;'",
    '"; touch pwned;"',
    'a;touch pwned;',
    'a|touch pwned',
    '-oProxyCommand=touch pwned',
    '../x',
    '%h',
    '$HOME',
    'a b',
    'a\ntouch pwned\n',
    '*',
  ])('the host name %j runs nothing and reaches no session', async (name) => {
    const failed = await ssh('--', `${name}.bai`, 'echo in');
    expect(failed.code).not.toBe(0);
    expect(failed.stdout).toBe('');
    expect(existsSync(join(plain.bed.home, 'pwned'))).toBe(false);
    expect(existsSync(join(plain.server.home, 'pwned'))).toBe(false);
  });
});
