/** `bai key authorize` and `deauthorize` on real SSH servers: who gets in afterwards, and what the file looks like. */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuthorizedKeys, openAuthorizedKeys } from '../../src/transfer/remote/authorized-keys.ts';
import { launcher } from '../support/bai.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, sshServers, startSshd, type TestSshd } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';
import { type EmbeddedBed, embeddedServers, why } from './regress-bed.ts';

interface Key {
  readonly path: string;
  readonly line: string;
  readonly fingerprint: string;
}

let counter = 0;

function makeKey(folder: string, options: readonly string[] = ['-t', 'ed25519', '-N', '']): Key {
  counter += 1;
  const path = join(folder, `key-${counter}`);
  execFileSync('ssh-keygen', ['-q', ...options, '-C', `me@key-${counter}`, '-f', path]);
  const fingerprint =
    execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
  return { path, line: readFileSync(`${path}.pub`, 'utf8').trim(), fingerprint };
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe.each(embeddedServers().map((server) => [server.name + why(server.missing), server] as const))(
  '%s',
  (_, server) => {
    let regress: EmbeddedBed;
    let before: Buffer;

    beforeAll(async () => {
      if (server.missing === undefined) regress = await server.open();
    });

    afterAll(() => regress?.[Symbol.asyncDispose](), 60_000);

    beforeEach(({ skip }) => {
      if (server.missing !== undefined) return skip();
      before = readFileSync(file());
      return () => writeFileSync(file(), before);
    });

    const file = (): string => join(regress.folder, '.ssh', 'authorized_keys');
    const run = (args: readonly string[], input?: string) =>
      regress.bed.bai(args, { env: regress.env, ...(input !== undefined && { input }) });
    const authorize = (...args: string[]) => run(['key', 'authorize', 'demo', ...args]);
    const deauthorize = (...args: string[]) => run(['key', 'deauthorize', 'demo', ...args]);
    const login = ({ path }: Key) => run(['ssh', 'demo', '-i', path, '--', 'echo in']);
    const leftovers = (): string[] =>
      readdirSync(join(regress.folder, '.ssh')).filter((name) => name.includes('part'));

    test('a key gets in after authorize, and no longer after deauthorize, which leaves the bytes of before', async () => {
      const key = makeKey(regress.bed.home);
      expect((await login(key)).code).toBe(255);
      const added = await authorize(`${key.path}.pub`);
      expect(added, added.stderr).toMatchObject({
        code: 0,
        stdout: `added: ssh-ed25519 ${key.fingerprint}\n`,
      });
      expect(readFileSync(file())).toEqual(Buffer.concat([before, Buffer.from(`${key.line}\n`)]));
      expect(modeOf(file())).toBe('600');
      expect(await login(key)).toMatchObject({ code: 0, stdout: 'in\n' });
      expect((await deauthorize(key.fingerprint)).stdout).toBe(`removed: ${key.fingerprint}\n`);
      expect(readFileSync(file())).toEqual(before);
      expect(leftovers()).toEqual([]);
      expect((await login(key)).code).toBe(255);
    });

    test.each([
      ['rsa', ['-t', 'rsa', '-b', '2048', '-N', '']],
      ['ecdsa', ['-t', 'ecdsa', '-b', '384', '-N', '']],
    ])('an %s key gets in too', async (_type, options) => {
      const key = makeKey(regress.bed.home, options);
      expect((await authorize(key.path)).code).toBe(0);
      expect(await login(key)).toMatchObject({ code: 0, stdout: 'in\n' });
    });

    test('a second time nothing is written', async () => {
      const key = makeKey(regress.bed.home);
      await authorize(key.path);
      const { ino, mtimeMs } = statSync(file());
      const again = await authorize(`no-pty ${key.line} with another comment`);
      expect(again, again.stderr).toMatchObject({
        code: 0,
        stdout: `unchanged: ssh-ed25519 ${key.fingerprint}\n`,
      });
      expect(statSync(file())).toMatchObject({ ino, mtimeMs });
    });

    test('comments, options, CRLF and a last line without an end stay byte for byte', async () => {
      const [key, other] = [makeKey(regress.bed.home), makeKey(regress.bed.home)];
      const strange = Buffer.from(`# mine\r\n\r\nno-pty ${other.line}\r\nnonsense \xff\n  # last`, 'latin1');
      writeFileSync(file(), Buffer.concat([before, strange]));
      await authorize(key.path);
      const added = Buffer.concat([before, strange, Buffer.from(`\n${key.line}\n`)]);
      expect(readFileSync(file())).toEqual(added);
      expect(await login(key)).toMatchObject({ code: 0 });
      appendFileSync(file(), `command="date" ${key.line} again`);
      const removed = await deauthorize(key.line, '--json');
      expect(JSON.parse(removed.stdout)).toEqual({
        session: 'demo',
        fingerprint: key.fingerprint,
        removed: 2,
      });
      expect(readFileSync(file())).toEqual(Buffer.concat([before, strange, Buffer.from('\n')]));
    });

    test('eight at once all get in', async () => {
      const keys = Array.from({ length: 8 }, () => makeKey(regress.bed.home));
      const added = await Promise.all(keys.map(({ path }) => authorize(path)));
      expect(added.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(Array(8).fill(0));
      const text = readFileSync(file(), 'utf8');
      expect(keys.filter(({ line }) => !text.includes(line))).toEqual([]);
      expect(text.split('\n').length).toBe(before.toString().split('\n').length + 8);
      expect(leftovers()).toEqual([]);
    }, 120_000);

    test('the key that bai logs in with stays, unless --force says so', async () => {
      const own = before.toString().split(' ')[1] ?? '';
      const line = `${before.toString().split(' ')[0]} ${own}`;
      const refused = await deauthorize(line);
      expect([refused.code, refused.stdout]).toEqual([6, '']);
      expect(refused.stderr).toMatch(/--force/);
      expect(readFileSync(file())).toEqual(before);
      expect(leftovers()).toEqual([]);
      expect((await deauthorize(line, '--force')).code).toBe(0);
      expect(readFileSync(file(), 'latin1')).not.toContain(own);
    });

    test('a link in its place stays a link, and the file behind it changes', async () => {
      const key = makeKey(regress.bed.home);
      const real = join(regress.folder, 'real keys');
      renameSync(file(), real);
      symlinkSync('../real keys', file());
      const added = await authorize(key.path, '--json');
      const { linkedTo, path } = JSON.parse(added.stdout);
      expect([linkedTo.endsWith('/real keys'), path.endsWith('/.ssh/authorized_keys')]).toEqual([true, true]);
      expect(readFileSync(real, 'utf8')).toContain(key.line);
      expect(await login(key)).toMatchObject({ code: 0 });
      rmSync(file());
      renameSync(real, file());
    });
  },
);

describe.skipIf(sshdMissing !== undefined)('on OpenSSH', () => {
  const server = embeddedServers().find(({ name }) => name === 'sshd');
  let regress: EmbeddedBed;

  beforeAll(async () => {
    if (server !== undefined) regress = await server.open();
  });

  afterAll(() => regress?.[Symbol.asyncDispose](), 60_000);

  const file = (): string => join(regress.folder, '.ssh', 'authorized_keys');
  const run = (args: readonly string[], input?: string) =>
    regress.bed.bai(args, { env: regress.env, ...(input !== undefined && { input }) });
  const authorize = (...args: string[]) => run(['key', 'authorize', 'demo', ...args]);

  test('the key is a .pub, a private key, one with a passphrase, a line, or stdin', async () => {
    const { home } = regress.bed;
    const locked = makeKey(home, ['-t', 'ed25519', '-N', 'secret']);
    rmSync(`${locked.path}.pub`);
    const [pub, secret, line, stdin] = Array.from({ length: 4 }, () => makeKey(home));
    for (const [source, input] of [
      [`${pub?.path}.pub`],
      [secret?.path],
      [locked.path],
      [line?.line],
      ['-', stdin?.line],
    ]) {
      const added = await run(['key', 'authorize', 'demo', source ?? ''], input);
      expect(added.code, added.stderr).toBe(0);
    }
    const text = readFileSync(file(), 'utf8');
    for (const key of [pub, secret, locked, line, stdin]) expect(text).toContain(key?.line.split(' ')[1]);
    expect(text).not.toContain('PRIVATE');
  });

  test('without a name it is the key that ssh would offer, never id_container', async () => {
    const ssh = join(regress.bed.home, '.ssh');
    mkdirSync(ssh, { recursive: true, mode: 0o700 });
    const container = join(ssh, 'id_container');
    if (!existsSync(container)) renameSync(makeKey(ssh).path, container);
    const none = await authorize();
    expect([none.code, none.stdout]).toEqual([4, '']);
    expect(none.stderr).toMatch(/`bai key generate`/);
    const rsa = makeKey(ssh, ['-t', 'rsa', '-b', '2048', '-N', '']);
    renameSync(`${rsa.path}.pub`, join(ssh, 'id_rsa.pub'));
    expect((await authorize()).stdout).toBe(`added: ssh-rsa ${rsa.fingerprint}\n`);
    const ed = makeKey(ssh);
    renameSync(ed.path, join(ssh, 'id_ed25519'));
    expect((await authorize()).stdout).toBe(`added: ssh-ed25519 ${ed.fingerprint}\n`);
  });

  test('two lines in one, a private key on stdin and other text are refused before anything is dialled', async () => {
    const key = makeKey(regress.bed.home);
    const before = readFileSync(file());
    const tunnels = regress.bed.emulator.requests.filter(({ target }) => target.includes('tcpproxy')).length;
    expect(tunnels).toBeGreaterThan(0);
    const bad: [string, string?][] = [
      [`${key.line}\n${before.toString()}`],
      [`${key.line}\rssh-rsa AAAA`],
      ['ssh-ed25519 AAAAnonsense'],
      [join(regress.bed.home, 'nowhere.pub')],
      ['-', `${key.line}\n${key.line}`],
      ['-', readFileSync(key.path, 'utf8')],
      ['-', ''],
      ['-', 'x'.repeat(100_000)],
    ];
    for (const [source, input] of bad) {
      const refused = await run(['key', 'authorize', 'demo', source], input);
      expect([refused.code === 2 || refused.code === 4, refused.stdout], refused.stderr).toEqual([true, '']);
    }
    expect(readFileSync(file())).toEqual(before);
    expect(regress.bed.emulator.requests.filter(({ target }) => target.includes('tcpproxy')).length).toBe(
      tunnels,
    );
  });

  test('what others may write to is told, and repaired with --fix-permissions alone', async () => {
    const ssh = join(regress.folder, '.ssh');
    chmodSync(file(), 0o664);
    chmodSync(ssh, 0o777);
    chmodSync(regress.folder, 0o775);
    const told = await authorize(makeKey(regress.bed.home).path, '--json');
    const problem = 'writable-by-others';
    expect(JSON.parse(told.stdout).permissions).toEqual([
      { path: regress.folder, problem, mode: '0775', repaired: false },
      { path: ssh, problem, mode: '0777', repaired: false },
      { path: file(), problem, mode: '0664', repaired: false },
    ]);
    expect(told.stderr).toMatch(/--fix-permissions/);
    expect([modeOf(regress.folder), modeOf(ssh), modeOf(file())]).toEqual(['775', '777', '664']);
    const mended = await authorize(makeKey(regress.bed.home).path, '--json', '--fix-permissions');
    expect(
      JSON.parse(mended.stdout).permissions.map(({ repaired }: { repaired: boolean }) => repaired),
    ).toEqual([true, true, true]);
    expect([modeOf(regress.folder), modeOf(ssh), modeOf(file())]).toEqual(['755', '755', '644']);
    expect(
      JSON.parse((await authorize(makeKey(regress.bed.home).path, '--json')).stdout).permissions,
    ).toEqual([]);
  });

  test('on a terminal it is asked whether to repair them', async () => {
    const key = makeKey(regress.bed.home);
    chmodSync(file(), 0o660);
    using terminal = openTerminal({ home: regress.bed.home, env: { ...regress.bed.env, ...regress.env } });
    await terminal.see(/local\$ /);
    terminal.type(`'${process.execPath}' '${launcher}' key authorize demo '${key.path}'\r`);
    await terminal.see(/others may write to [\s\S]*\[Y\/n\]/);
    terminal.type('y\r');
    await terminal.see(/added: ssh-ed25519/);
    expect(modeOf(file())).toBe('640');
  });

  test.each([
    ['a link to nowhere', (path: string) => symlinkSync('/nowhere/keys', path)],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a file without end', (path: string) => writeFileSync(path, 'x'.repeat(300_000))],
  ])('%s in its place is refused, and stays', async (_, make) => {
    await using running = await startSshd();
    await using keys = await openOn(running);
    const ssh = join(running.home, '.ssh');
    rmSync(join(ssh, 'authorized_keys'));
    make(join(ssh, 'authorized_keys'));
    const refused = keys.change((content) => `${content}x\n`);
    await expect(refused).rejects.toMatchObject({ code: 'authorized-keys-unusable', exitCode: 6 });
    expect(readdirSync(ssh)).toEqual(['authorized_keys']);
  });

  test('a file that has as many lines as dropbear reads takes no further one', async () => {
    const before = readFileSync(file());
    appendFileSync(file(), '#\n'.repeat(299));
    const refused = await authorize(makeKey(regress.bed.home).path);
    writeFileSync(file(), before);
    expect([refused.code, refused.stdout]).toEqual([6, '']);
    expect(refused.stderr).toMatch(/300 lines/);
  });
});

describe.each(sshServers.map((server) => [server.name + why(server.missing), server] as const))(
  'the file itself: %s',
  (_, server) => {
    test.skipIf(server.missing !== undefined)(
      'a missing .ssh is made 0700 with a file of 0600; taking away makes nothing',
      async () => {
        await using running = await server.start();
        await using keys = await openOn(running);
        const ssh = join(running.home, '.ssh');
        rmSync(ssh, { recursive: true });
        expect(await keys.change(() => undefined)).toBe(false);
        expect(existsSync(ssh)).toBe(false);
        expect(await keys.change((content) => (content === 'k\n' ? undefined : 'k\n'))).toBe(true);
        expect([modeOf(ssh), modeOf(join(ssh, 'authorized_keys'))]).toEqual(['700', '600']);
        expect(readdirSync(ssh)).toEqual(['authorized_keys']);
      },
    );

    test.skipIf(server.missing !== undefined)('.ssh may be a link to another folder', async () => {
      await using running = await server.start();
      await using keys = await openOn(running);
      const ssh = join(running.home, '.ssh');
      renameSync(ssh, join(running.home, 'real'));
      symlinkSync('real', ssh);
      expect(await keys.change((content) => (content === 'k\n' ? undefined : 'k\n'))).toBe(true);
      expect(readFileSync(join(running.home, 'real', 'authorized_keys'), 'utf8')).toBe('k\n');
      expect(readlinkSync(ssh)).toBe('real');
    });

    test.skipIf(server.missing !== undefined)(
      'a part that a dead command left does not stand in the way for ever',
      async () => {
        await using running = await server.start();
        await using keys = await openOn(running, 50);
        const ssh = join(running.home, '.ssh');
        writeFileSync(join(ssh, '.authorized_keys.bai-part'), 'half');
        expect(await keys.change((content) => (content === 'k\n' ? undefined : 'k\n'))).toBe(true);
        expect(readFileSync(join(ssh, 'authorized_keys'), 'utf8')).toBe('k\n');
        expect(readdirSync(ssh)).toEqual(['authorized_keys']);
      },
    );

    test.skipIf(server.missing !== undefined)('an edit that fails leaves the file, and no part', async () => {
      await using running = await server.start();
      await using keys = await openOn(running);
      const path = join(running.home, '.ssh', 'authorized_keys');
      const before = readFileSync(path);
      const failing = keys.change(() => {
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(readFileSync(path)).toEqual(before);
      expect(readdirSync(join(running.home, '.ssh'))).toEqual(['authorized_keys']);
    });

    test.skipIf(server.missing !== undefined || process.getuid?.() !== 0)(
      'a file of another user stays theirs',
      async () => {
        await using running = await server.start();
        await using keys = await openOn(running);
        const path = join(running.home, '.ssh', 'authorized_keys');
        execFileSync('chown', ['4321:1234', path]);
        await keys.change((content) => (content === 'k\n' ? undefined : 'k\n'));
        expect(statSync(path)).toMatchObject({ uid: 4321, gid: 1234 });
      },
    );
  },
);

async function openOn(server: TestSshd, patienceMs?: number): Promise<AuthorizedKeys> {
  const { signal } = new AbortController();
  const connection = await connectFully(server);
  return openAuthorizedKeys(connection, {
    signal,
    waiting: () => {},
    ...(patienceMs !== undefined && { patienceMs }),
  });
}
