/** Keys in forms and states that some programs read and others do not: who takes them, and what is said. */

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { manglings } from '../support/mangled-text.ts';
import { makeKey } from '../support/ssh-agent.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';
import { openTrap, type TrapBed, type Way } from './traps-bed.ts';

describe.skipIf(dropbearMissing !== undefined)(`own keys (${dropbearMissing ?? 'dropbear'})`, () => {
  let trap: TrapBed;
  const own = (): string => trap.here('own');

  beforeAll(async () => {
    trap = await openTrap(startDropbear);
    makeKey(trap.here('good'));
    makeKey(trap.here('locked'), ['-t', 'ed25519'], 'secret');
    for (const name of ['good', 'locked'])
      appendFileSync(trap.there('.ssh', 'authorized_keys'), readFileSync(trap.here(`${name}.pub`)));
  });
  afterAll(() => trap?.[Symbol.asyncDispose]());
  beforeEach(() => {
    rmSync(trap.here('.ssh'), { recursive: true, force: true });
    rmSync(own(), { force: true });
  });

  const inWith = (way: Way) => trap.in(way, { env: { BAI_IDENTITY: own() } });

  const odd = Object.entries(manglings).filter(
    ([name]) => !['as it was', 'empty lines behind'].includes(name),
  );

  test.each(odd)(
    'with %s: bai logs in, a shell of ssh says what to do, and then it does',
    async (_, mangle) => {
      writeFileSync(own(), mangle(readFileSync(trap.here('good'))), { mode: 0o600 });
      for (const way of ['builtin', 'sftp'] as const)
        expect([way, (await inWith(way)).code]).toEqual([way, 0]);
      const refused = await inWith('system');
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(
        /^error: .*own (is|has|begins) .*, so ssh cannot read it\nhint: `bai key convert /,
      );
      expect(refused.stderr).not.toMatch(/libcrypto|invalid format/);
      const listed = await trap.bed.bai(['key', 'list', '--json'], { env: { BAI_IDENTITY: own() } });
      const { problems } = JSON.parse(listed.stdout).keys.find(
        ({ path }: { path: string }) => path === own(),
      );
      expect(problems.map(({ name }: { name: string }) => name)).toEqual(['not-for-ssh']);
      const cure = /hint: `bai (.*)` writes/.exec(refused.stderr)?.[1] ?? '';
      const shell = cleanEnvironment({ home: trap.bed.home, env: trap.bed.env });
      await promisify(execFile)('sh', ['-c', `'${process.execPath}' '${launcher}' ${cure}`], { env: shell });
      for (const way of ['builtin', 'system', 'sftp'] as const)
        expect([way, (await inWith(way)).code]).toEqual([way, 0]);
    },
  );

  const made = (type: 'ed25519' | 'ec', options: object = {}) =>
    generateKeyPairSync(type as 'ec', options as { namedCurve: string }).privateKey;
  const unusable: Readonly<Record<string, () => string | Buffer>> = {
    'Ed25519 as PKCS#8': () => made('ed25519').export({ type: 'pkcs8', format: 'pem' }),
    'a curve that ssh does not know': () =>
      made('ec', { namedCurve: 'secp256k1' }).export({ type: 'sec1', format: 'pem' }),
    'DER in place of PEM': () => made('ed25519').export({ type: 'pkcs8', format: 'der' }),
    'a damaged key': () => readFileSync(trap.here('good'), 'latin1').replace(/b3Bl\w{8}/, 'AAAAAAAAAAAA'),
    'half a key': () => readFileSync(trap.here('good'), 'latin1').slice(0, 150),
  };

  test.each(Object.entries(unusable))(
    '%s: no way in ends in a riddle of ssh, each says what it is and what to do',
    async (_, text) => {
      writeFileSync(own(), text(), { mode: 0o600 });
      // Releases from 9.6 on read the first one.
      const isRead = spawnSync('ssh-keygen', ['-y', '-P', '', '-f', own()]).status === 0;
      for (const way of isRead ? (['builtin'] as const) : (['builtin', 'system'] as const)) {
        const { code, stdout, stderr } = await inWith(way);
        expect([way, code, stdout], stderr).toEqual([way, 2, '']);
        expect(stderr).toMatch(/^error: .*own [^\n]*\nhint: [^\n]*`bai key [^\n]*\n$/);
        expect(stderr).not.toMatch(
          /libcrypto|invalid format|Permission denied|mounted|\ufffd|[^\x20-\x7e\n]/,
        );
      }
    },
  );

  test('one with a passphrase and line ends of Windows is opened by bai’s client, and explained for ssh', async () => {
    const mangle = manglings['line ends of Windows'] ?? ((text) => text);
    writeFileSync(own(), mangle(readFileSync(trap.here('locked'))), { mode: 0o600 });
    using terminal = openTerminal({ home: trap.bed.home, env: { ...trap.bed.env, BAI_IDENTITY: own() } });
    const bai = `'${process.execPath}' '${launcher}'`;
    terminal.type(`${bai} ssh demo --client builtin echo "in it"; echo "status=$?"\r`);
    await terminal.see(/Passphrase of /);
    terminal.type('secret\r');
    await terminal.see(/in it[\s\S]*status=0/);
    terminal.type(`${bai} ssh demo; echo "status=$?"\r`);
    await terminal.see(/so ssh cannot read it[\s\S]*bai key convert[\s\S]*status=2/);
  });

  test('a forward, whose commands are for ssh, is refused before it listens', async () => {
    const mangle = manglings['no last line end'] ?? ((text) => text);
    writeFileSync(own(), mangle(readFileSync(trap.here('good'))), { mode: 0o600 });
    const ran = await trap.bed.bai(['app', 'forward', 'demo'], { env: { BAI_IDENTITY: own() } });
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([
      2,
      '',
      expect.stringContaining('has no line break after its last line'),
    ]);
  });

  test('an identity that is a public key in any form is told to be one', async () => {
    for (const form of ['RFC4716', 'PKCS8']) {
      makeKey(trap.here('pair'), ['-t', 'rsa', '-b', '2048']);
      writeFileSync(own(), execFileSync('ssh-keygen', ['-e', '-m', form, '-f', trap.here('pair.pub')]));
      expect((await inWith('builtin')).stderr).toMatch(/own is a public key/);
      for (const name of ['pair', 'pair.pub']) rmSync(trap.here(name));
    }
  });
});

describe.skipIf(sshdMissing !== undefined)(`public keys (${sshdMissing ?? 'sshd'})`, () => {
  let trap: TrapBed;
  const at = (name: string): string => trap.here(name);

  beforeAll(async () => {
    trap = await openTrap(async ({ home }) => startSshd(home === undefined ? {} : { home }));
    makeKey(at('mine'), ['-t', 'rsa', '-b', '2048']);
    const form = (name: string): Buffer =>
      execFileSync('ssh-keygen', ['-e', '-m', name, '-f', at('mine.pub')]);
    writeFileSync(at('ssh2'), form('RFC4716'));
    writeFileSync(at('pem'), form('PEM'));
    writeFileSync(at('pkcs8'), form('PKCS8'));
    const line = readFileSync(at('mine.pub'), 'utf8');
    writeFileSync(at('options'), `no-X11-forwarding ${line}`);
    writeFileSync(at('windows'), `\ufeff${line.replaceAll('\n', '\r\n')}`);
    copyFileSync(at('mine.pub'), at('line'));
    mkdirSync(at('ca'));
    makeKey(at('ca/ca'));
    execFileSync('ssh-keygen', ['-q', '-s', at('ca/ca'), '-I', 'me', '-n', 'me', at('mine.pub')]);
    copyFileSync(trap.there('.ssh', 'authorized_keys'), at('before'));
  });
  afterAll(() => trap?.[Symbol.asyncDispose]());
  beforeEach(() => copyFileSync(at('before'), trap.there('.ssh', 'authorized_keys')));

  const env = (): Record<string, string> => ({ BAI_USER: trap.server.user });
  const run = (...words: string[]) => trap.bed.bai(words, { env: env() });

  test.each(['line', 'ssh2', 'pem', 'pkcs8', 'options', 'windows'])(
    '%s: show, authorize and deauthorize take it, and it gets in',
    async (name) => {
      const wanted = readFileSync(at('mine.pub'), 'utf8').split(' ')[1] ?? '';
      const shown = await run('key', 'show', at(name));
      expect([shown.code, shown.stdout.trim().split(' ').slice(0, 2)]).toEqual([
        0,
        ['ssh-rsa', wanted.trim()],
      ]);
      const added = await run('key', 'authorize', 'demo', at(name));
      expect([added.code, added.stdout]).toEqual([0, expect.stringMatching(/^added: ssh-rsa SHA256:/)]);
      const entered = await trap.bed.bai(
        ['ssh', 'demo', '-i', at('mine'), '--client', 'builtin', 'echo in'],
        { env: env() },
      );
      expect(entered).toMatchObject({ code: 0, stdout: 'in\n' });
      expect((await run('key', 'deauthorize', 'demo', at(name))).code).toBe(0);
    },
  );

  test('a certificate is refused by both, with the reason', async () => {
    for (const words of [
      ['key', 'show'],
      ['key', 'authorize', 'demo'],
    ]) {
      const ran = await run(...words, at('mine-cert.pub'));
      expect([ran.code, ran.stderr]).toEqual([
        2,
        expect.stringMatching(/it is a certificate\nhint: give the public key that it was made for/),
      ]);
    }
  });

  test('session create --authorize takes the SSH2 form too', async () => {
    const made = trap.bed.bai(['session', 'create', 'python', '--name', 'fresh', '--authorize', at('ssh2')], {
      env: {},
    });
    expect((await made).stderr).toMatch(/added: ssh-rsa SHA256:/);
  });
});
