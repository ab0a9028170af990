/** `bai key generate`, `show`, `convert` and `list` as built, with real ssh-keygen, puttygen and agent. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { releaseBehaviour } from '../../src/emulator/model/release.ts';
import { startBai } from '../support/bai.ts';
import { modeOf, useKeyHome } from '../support/key-home.ts';
import { publicLineBySshKeygen, puttygen } from '../support/key-programs.ts';
import { filesIn, openEmulator } from './app-bed.ts';
import { TestBed } from './emulator-client.ts';

const run = promisify(execFile);
const home = useKeyHome();
const { at, key } = home;

/** With lines on stdin. */
const keyWith = (input: string, ...args: readonly string[]) => key(args, { input });

describe('generate', () => {
  test.each([
    [['-t', 'ed25519'], 'id_ed25519', 'ED25519 256'],
    [['-t', 'rsa', '-b', '2048'], 'id_rsa', 'RSA 2048'],
    [['-t', 'ecdsa', '-b', '521'], 'id_ecdsa', 'ECDSA 521'],
  ])('%j: ssh-keygen, puttygen and the randomart agree', async (options, name, title) => {
    const made = await key(['generate', '--no-passphrase', '--ppk', '-C', 'me@laptop', ...options]);
    expect(made).toMatchObject({ code: 0, stdout: `${at(name)}\n` });
    expect(filesIn(home.ssh)).toEqual([name, `${name}.ppk`, `${name}.pub`]);
    expect([home.ssh, at(name), at(`${name}.ppk`)].map(modeOf)).toEqual(['700', '600', '600']);
    const line = readFileSync(at(`${name}.pub`), 'utf8').trim();
    expect(line.endsWith(' me@laptop')).toBe(true);
    expect(`${await publicLineBySshKeygen(readFileSync(at(name)), undefined)} me@laptop`).toBe(line);
    expect((await puttygen(readFileSync(at(`${name}.ppk`)), undefined, '-L')).toString().trim()).toBe(line);
    const picture = execFileSync('ssh-keygen', ['-l', '-v', '-f', at(name)], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .slice(1);
    expect(picture[0]).toContain(title);
    expect(made.stderr).toContain(picture.join('\n'));
  });

  test('the passphrase is read from stdin, and is in no argument and no output', async () => {
    const made = await keyWith('s3cret words\nrest\n', 'generate', '--passphrase-stdin', '--ppk', '--json');
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout + made.stderr).not.toContain('s3cret');
    expect(JSON.parse(made.stdout)).toMatchObject({ path: at('id_ed25519'), passphrase: true });
    const line = readFileSync(at('id_ed25519.pub'), 'utf8');
    expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('id_ed25519')), 's3cret words'));
    expect(line).toContain(
      (await puttygen(readFileSync(at('id_ed25519.ppk')), 's3cret words', '-L')).toString().trim(),
    );
  });

  test('the end of the input is not waited for, and a line may come in pieces', async () => {
    const child = startBai(['key', 'generate', '--passphrase-stdin'], { home: home.path });
    const ended = once(child, 'close');
    child.stdin.write('s3cret ');
    child.stdin.write('words\r\n');
    expect(await ended).toEqual([0, null]);
    expect(readFileSync(at('id_ed25519.pub'), 'utf8')).toContain(
      await publicLineBySshKeygen(readFileSync(at('id_ed25519')), 's3cret words'),
    );
    child.stdin.destroy();
  });

  test('dropbear takes it', async () => {
    for (const type of ['ed25519', 'rsa', 'ecdsa']) {
      await key(['generate', '--no-passphrase', '-t', type, ...(type === 'rsa' ? ['-b', '2048'] : [])]);
      const out = join(home.path, type);
      const converted = await run('dropbearconvert', ['openssh', 'dropbear', at(`id_${type}`), out]).catch(
        (error: unknown) => error,
      );
      expect(existsSync(out), String(converted)).toBe(true);
      const said = execFileSync('dropbearkey', ['-y', '-f', out], { encoding: 'utf8' });
      expect(said).toContain(readFileSync(at(`id_${type}.pub`), 'utf8').split(' ')[1]);
    }
  });

  test('no terminal and no word about the passphrase: said, and nothing is made', async () => {
    const refused = await keyWith('', 'generate', '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'passphrase-needed' } });
    expect((await keyWith('\n', 'generate', '--passphrase-stdin')).code).toBe(2);
    expect(existsSync(home.ssh)).toBe(false);
  });

  test.each([['id_ed25519'], ['id_ed25519.pub'], ['id_ed25519.ppk']])(
    '%s that is there is never replaced without --force',
    async (name) => {
      mkdirSync(home.ssh, { mode: 0o700 });
      writeFileSync(at(name), 'old');
      const refused = await key(['generate', '--no-passphrase', '--ppk', '--json']);
      expect(refused.code).toBe(6);
      expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'key-conflict', path: at(name) } });
      expect(filesIn(home.ssh)).toEqual([name]);
      expect((await key(['generate', '--no-passphrase', '--ppk', '--force'])).code).toBe(0);
      const line = await publicLineBySshKeygen(readFileSync(at('id_ed25519')), undefined);
      expect(readFileSync(at('id_ed25519.pub'), 'utf8')).toContain(line);
    },
  );

  test.each([['id_ed25519'], ['id_ed25519.pub'], ['id_ed25519.ppk']])(
    'a pipe, a link or a folder at %s is not replaced with --force either, and nothing beside it goes',
    async (name) => {
      mkdirSync(home.ssh, { mode: 0o700 });
      const others = ['id_ed25519', 'id_ed25519.pub', 'id_ed25519.ppk'].filter((other) => other !== name);
      for (const other of others) writeFileSync(at(other), 'old');
      const makers = [
        () => execFileSync('mkfifo', [at(name)]),
        () => symlinkSync(join(home.path, 'elsewhere'), at(name)),
        () => mkdirSync(at(name)),
      ];
      for (const make of makers) {
        make();
        const refused = await key(['generate', '--no-passphrase', '--ppk', '--force', '--json']);
        expect(refused.code).toBe(6);
        expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'key-conflict', path: at(name) } });
        expect(lstatSync(at(name)).isFile()).toBe(false);
        expect(existsSync(join(home.path, 'elsewhere'))).toBe(false);
        for (const other of others) expect(readFileSync(at(other), 'utf8')).toBe('old');
        rmSync(at(name), { recursive: true });
      }
    },
  );

  test.each([[251], [255]])('a name as long as %i bytes is one for a key', async (length) => {
    // The public half beside has four more, so that the longest names are for converted keys alone.
    await key(['generate', '--no-passphrase', '-o', at('k')]);
    const path = at('x'.repeat(length));
    const made = await key(
      length === 251
        ? ['generate', '--no-passphrase', '-o', path]
        : ['convert', at('k'), '--to', 'ppk', '-o', path],
    );
    expect(made.code, made.stderr).toBe(0);
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    [['-t', 'dsa'], /--type/],
    [['-t', 'ed25519', '-b', '512'], /one size/],
    [['-t', 'rsa', '-b', '1024'], /2048/],
    [['-t', 'rsa', '-b', '20000'], /16384/],
    [['-t', 'ecdsa', '-b', '255'], /521/],
    [['--passphrase-stdin', '--no-passphrase'], /cannot be used together/],
  ])('%j is refused', async (options, words) => {
    const refused = await key(['generate', ...options]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(words);
    expect(existsSync(home.ssh)).toBe(false);
  });

  test('two at once: one makes all its files, the other none', async () => {
    const both = await Promise.all([1, 2, 3].map(() => key(['generate', '--no-passphrase', '--ppk'])));
    expect(both.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 6, 6]);
    expect(filesIn(home.ssh)).toEqual(['id_ed25519', 'id_ed25519.ppk', 'id_ed25519.pub']);
    const line = readFileSync(at('id_ed25519.pub'), 'utf8').trim();
    expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('id_ed25519')), undefined));
    expect((await puttygen(readFileSync(at('id_ed25519.ppk')), undefined, '-L')).toString().trim()).toBe(
      line,
    );
  });

  test('BAI_SSH_DIR and --output put it elsewhere', async () => {
    const env = { BAI_SSH_DIR: '~/keys' };
    expect((await key(['generate', '--no-passphrase'], { env })).stdout).toBe(
      `${join(home.path, 'keys/id_ed25519')}\n`,
    );
    const out = join(home.path, 'new folder', 'mine');
    expect((await key(['generate', '--no-passphrase', '-o', out])).stdout).toBe(`${out}\n`);
    expect([modeOf(join(home.path, 'new folder')), modeOf(out)]).toEqual(['700', '600']);
  });
});

describe('convert', () => {
  beforeEach(() => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', 'old words', '-C', 'me', '-f', at('mine')]);
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'rsa',
      '-b',
      '2048',
      '-m',
      'PEM',
      '-N',
      '',
      '-C',
      'session',
      '-f',
      at('id_container'),
    ]);
  });

  test('there and back, passphrase kept, each beside with its ending', async () => {
    const line = readFileSync(at('mine.pub'), 'utf8').trim();
    expect(
      await keyWith('old words\n', 'convert', at('mine'), '--to', 'ppk', '--passphrase-stdin'),
    ).toMatchObject({ code: 0, stdout: `${at('mine.ppk')}\n` });
    expect((await puttygen(readFileSync(at('mine.ppk')), 'old words', '-L')).toString().trim()).toBe(line);
    const back = await keyWith(
      'old words\n',
      'convert',
      at('mine.ppk'),
      '--to',
      'openssh',
      '--passphrase-stdin',
      '-o',
      at('back'),
    );
    expect(back).toMatchObject({ code: 0, stdout: `${at('back')}\n` });
    expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('back')), 'old words'));
    expect([modeOf(at('mine.ppk')), modeOf(at('back'))]).toEqual(['600', '600']);
  });

  test('PuTTY’s older format is made with --ppk-version 2, and the comment comes from the .pub', async () => {
    const made = await key(['convert', at('id_container'), '--to', 'ppk', '--ppk-version', '2', '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({
      path: at('id_container.ppk'),
      ppkVersion: 2,
      passphrase: false,
    });
    const text = readFileSync(at('id_container.ppk'), 'utf8');
    expect(text).toMatch(/^PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: session\n/);
  });

  test('--new-passphrase takes the second line, --no-passphrase none', async () => {
    const changed = await keyWith(
      'old words\nnew words\n',
      'convert',
      at('mine'),
      '--to',
      'pkcs8',
      '--passphrase-stdin',
      '--new-passphrase',
    );
    expect(changed).toMatchObject({ code: 0, stdout: `${at('mine.p8')}\n` });
    const line = readFileSync(at('mine.pub'), 'utf8');
    expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('mine.p8')), 'new words'));
    const bare = await keyWith(
      'old words\n',
      'convert',
      at('mine'),
      '--to',
      'pem',
      '--passphrase-stdin',
      '--no-passphrase',
    );
    expect(bare.code, bare.stderr).toBe(0);
    expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('mine.pem')), undefined));
  });

  test('a wrong passphrase has a code of its own, and nothing is written', async () => {
    const before = filesIn(home.ssh);
    const wrong = await keyWith(
      'wrong\n',
      'convert',
      at('mine'),
      '--to',
      'ppk',
      '--passphrase-stdin',
      '--json',
    );
    expect(wrong.code).toBe(3);
    expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: 'wrong-passphrase' } });
    const unsaid = await keyWith('', 'convert', at('mine'), '--to', 'ppk', '--json');
    expect(JSON.parse(unsaid.stderr)).toMatchObject({ error: { code: 'passphrase-needed', exitCode: 2 } });
    expect(filesIn(home.ssh)).toEqual(before);
  });

  test('what is there stays without --force; with it the key itself may be replaced', async () => {
    writeFileSync(at('id_container.ppk'), 'notes');
    expect((await key(['convert', at('id_container'), '--to', 'ppk'])).code).toBe(6);
    expect(readFileSync(at('id_container.ppk'), 'utf8')).toBe('notes');
    expect((await key(['convert', at('id_container'), '--to', 'openssh'])).stderr).toContain('--output');
    const line = await publicLineBySshKeygen(readFileSync(at('id_container')), undefined);
    const inPlace = await key([
      'convert',
      at('id_container'),
      '--to',
      'openssh',
      '-o',
      at('id_container'),
      '--force',
    ]);
    expect(inPlace.code, inPlace.stderr).toBe(0);
    expect(readFileSync(at('id_container'), 'utf8')).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(await publicLineBySshKeygen(readFileSync(at('id_container')), undefined)).toBe(line);
  });

  test('a key under a cipher that bai cannot open is listed and shown; convert says how ssh-keygen mends it', async () => {
    const path = at('id_chacha');
    execFileSync('ssh-keygen', [
      ...['-q', '-t', 'ed25519', '-N', 'secret', '-Z', 'chacha20-poly1305@openssh.com', '-f', path],
    ]);
    const line = readFileSync(`${path}.pub`, 'utf8').split(' ')[1];
    rmSync(`${path}.pub`);
    const shown = await key(['show', path]);
    expect([shown.code, shown.stdout.split(' ')[1]?.trim()]).toEqual([0, line]);
    const listed = JSON.parse((await key(['list', '--json'])).stdout).keys;
    expect(listed).toContainEqual(expect.objectContaining({ path, passphrase: true, problems: [] }));
    const refused = await keyWith('secret\n', 'convert', path, '--to', 'ppk', '--passphrase-stdin', '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stderr).error).toMatchObject({ code: 'not-a-key' });
    expect(refused.stderr).toContain(`ssh-keygen -p -Z aes256-ctr -f ${path}`);
  });

  test.each([
    ['a byte order mark', Buffer.from('\ufeff')],
    ['an empty line', Buffer.from('\r\n')],
  ])('a file of PuTTY is read with %s before it', async (_, before) => {
    const line = await publicLineBySshKeygen(readFileSync(at('id_container')), undefined);
    await key(['convert', at('id_container'), '--to', 'ppk']);
    const path = at('id_container.ppk');
    writeFileSync(path, Buffer.concat([before, readFileSync(path)]));
    const made = await key(['convert', path, '--to', 'openssh', '-o', at('new')]);
    expect(made.code, made.stderr).toBe(0);
    expect(await publicLineBySshKeygen(readFileSync(at('new')), undefined)).toBe(line);
  });

  test('a pipe at the output is not replaced with --force', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const refused = await key(['convert', at('id_container'), '--to', 'pem', '-o', at('pipe'), '--force']);
    expect([refused.code, statSync(at('pipe')).isFIFO()]).toEqual([6, true]);
  });

  test.each([['openssh'], ['ppk'], ['pkcs8'], ['pem']])(
    'a key on a curve whose numbers are all written out becomes %s',
    async (to) => {
      const pem = execFileSync('openssl', [
        ...['ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-param_enc', 'explicit'],
      ]);
      writeFileSync(at('explicit'), pem, { mode: 0o600 });
      const made = await key(['convert', at('explicit'), '--to', to, '-o', at('new')]);
      expect(made.code, made.stderr).toBe(0);
      const line = await publicLineBySshKeygen(pem, undefined);
      const written = readFileSync(at('new'));
      const read =
        to === 'ppk' ? puttygen(written, undefined, '-L') : publicLineBySshKeygen(written, undefined);
      expect((await read).toString()).toContain(line);
    },
  );

  test.each([
    ['blanks behind its lines', (text: string) => text.replaceAll('\n', '  \n')],
    ['blanks before its lines', (text: string) => text.replaceAll(/^/gm, '  ')],
  ])('a key with %s is read, in all formats', async (_, spoil) => {
    const line = await publicLineBySshKeygen(readFileSync(at('id_container')), undefined);
    for (const to of ['openssh', 'pkcs8', 'pem']) {
      await key(['convert', at('id_container'), '--to', to, '-o', at(to)]);
      writeFileSync(at(to), spoil(readFileSync(at(to), 'utf8')));
      const made = await key(['convert', at(to), '--to', 'openssh', '-o', at('new'), '--force']);
      expect(made.code, `${to}: ${made.stderr}`).toBe(0);
      expect(await publicLineBySshKeygen(readFileSync(at('new')), undefined)).toBe(line);
    }
  });

  test('a public key, no key, a folder, a pipe and a file that is not there are named', async () => {
    writeFileSync(at('notes'), 'no key\n');
    execFileSync('mkfifo', [at('pipe')]);
    for (const [path, code, words] of [
      [at('mine.pub'), 2, /is a public key[\s\S]*mine\n/],
      [at('notes'), 2, /cannot be read as a key/],
      [home.ssh, 2, /is no file/],
      [at('pipe'), 2, /is no file/],
      [at('gone'), 4, /does not exist/],
    ] as const) {
      const refused = await key(['convert', path, '--to', 'ppk']);
      expect([path, refused.code], refused.stderr).toEqual([path, code]);
      expect(refused.stderr).toMatch(words);
    }
  });
});

describe('show', () => {
  test('the default key is the best one that is there; the answer is one line', async () => {
    expect((await key(['show'])).code).toBe(4);
    mkdirSync(home.ssh, { mode: 0o700 });
    for (const name of ['id_container', 'id_rsa', 'id_ecdsa', 'id_ed25519']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'words', '-C', name, '-f', at(name)]);
      const shown = await key(['show']);
      expect(shown.stdout).toBe(readFileSync(at(`${name}.pub`), 'utf8'));
    }
  });

  test('a .pub, a PPK, an encrypted OpenSSH key without its .pub, and a link to one', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'rsa',
      '-b',
      '2048',
      '-N',
      'words',
      '-C',
      'me',
      '-f',
      at('mine'),
    ]);
    const line = readFileSync(at('mine.pub'), 'utf8');
    await keyWith('words\n', 'convert', at('mine'), '--to', 'ppk', '--passphrase-stdin');
    for (const name of ['mine.pub', 'mine.ppk']) expect((await key(['show', at(name)])).stdout).toBe(line);
    execFileSync('mv', [at('mine.pub'), at('elsewhere')]);
    expect((await key(['show', at('mine')])).stdout.trim()).toBe(
      line.trim().split(' ').slice(0, 2).join(' '),
    );
    symlinkSync('mine.ppk', at('link'));
    expect((await key(['show', at('link')])).stdout).toBe(line);
  });

  test('an encrypted PEM hides its public half: the passphrase is read from stdin', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-m', 'PEM', '-N', 'words', '-C', '', '-f', at('mine')]);
    const line = readFileSync(at('mine.pub'), 'utf8').trim();
    execFileSync('rm', [at('mine.pub')]);
    expect((await keyWith('', 'show', at('mine'))).code).toBe(2);
    expect((await keyWith('words\n', 'show', at('mine'), '--passphrase-stdin')).stdout.trim()).toBe(line);
  });

  test('--copy hands the line to the program that is there, says which, and gives it no shell', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      '$(touch owned) `id`',
      '-f',
      at('id_ed25519'),
    ]);
    const bin = join(home.path, 'bin');
    mkdirSync(bin);
    const env = { PATH: `${bin}:${process.env['PATH']}`, WAYLAND_DISPLAY: 'w', DISPLAY: ':9' };
    for (const program of ['xsel', 'xclip', 'wl-copy']) {
      writeFileSync(join(bin, program), `#!/bin/sh\nprintf '%s\\n' "$@" > "$0.args"\ncat > "$0.text"\n`, {
        mode: 0o755,
      });
      const shown = await key(['show', '--copy'], { env });
      expect(shown.code, shown.stderr).toBe(0);
      expect(shown.stderr).toContain(`copied to the clipboard with ${program}`);
      const line = readFileSync(at('id_ed25519.pub'), 'utf8');
      expect([shown.stdout, readFileSync(join(bin, `${program}.text`), 'utf8')]).toEqual([line, line.trim()]);
    }
    writeFileSync(join(bin, 'wl-copy'), '#!/bin/sh\nexit 1\n');
    const other = await key(['show', '--copy', '--json'], { env });
    expect(JSON.parse(other.stdout)).toMatchObject({ copiedWith: 'xclip' });
    const none = await key(['show', '--copy']);
    expect([none.code, none.stderr]).toEqual([0, expect.stringContaining('no clipboard')]);
    expect(filesIn(home.path)).not.toContain('owned');
  });
});

describe('list', () => {
  test('type, bits, both fingerprints, comment, passphrase and mode, as ssh-keygen says them', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    for (const [type, bits] of [
      ['rsa', '2048'],
      ['ecdsa', '256'],
      ['ecdsa', '384'],
      ['ecdsa', '521'],
      ['ed25519', '256'],
    ] as const) {
      const name = `${type}_${bits}`;
      execFileSync('ssh-keygen', [
        '-q',
        '-t',
        type,
        '-b',
        bits,
        '-N',
        bits === '384' ? 'words' : '',
        '-C',
        name,
        '-f',
        at(name),
      ]);
    }
    await keyWith('', 'convert', at('ed25519_256'), '--to', 'ppk');
    writeFileSync(at('known_hosts'), readFileSync(at('ed25519_256.pub')));
    writeFileSync(at('notes'), 'no key\n');
    const list = JSON.parse((await key(['list', '--json'])).stdout);
    expect(list).toMatchObject({ folder: home.ssh, agent: 'none', account: 'no-manager' });
    const names: string[] = list.keys.map(({ path }: { path: string }) => path);
    expect(names).toEqual(names.toSorted());
    expect(list.keys).toHaveLength(11);
    for (const each of list.keys) {
      for (const hash of ['sha256', 'md5']) {
        const source = each.path.endsWith('.ppk') ? at('ed25519_256') : each.path;
        const said = execFileSync('ssh-keygen', ['-l', '-E', hash, '-f', source], {
          encoding: 'utf8',
        }).trim();
        expect(`${each.bits} ${each[hash]} ${each.comment} (${each.algorithm})`).toBe(said);
      }
      const isPublic = each.path.endsWith('.pub');
      expect(each).toMatchObject({
        kind: isPublic ? 'public' : 'private',
        mode: isPublic ? '0644' : '0600',
        problems: [],
      });
      expect(each.passphrase).toBe(isPublic ? undefined : each.path === at('ecdsa_384'));
    }
    const [sha256, md5] = [await key(['list']), await key(['list', '--md5'])];
    expect(sha256.stdout).toContain(list.keys[0].sha256.replace('SHA256:', ''));
    expect(md5.stdout).toContain(list.keys[0].md5.replace('MD5:', ''));
    expect(sha256.stderr).toContain('no server is configured');
  });

  test('a file of PuTTY without another form is named, and the command of its hint ends that', async () => {
    await key(['generate', '--no-passphrase', '--ppk', '--output', at('mine')]);
    const ppkProblems = async (): Promise<{ name: string; hint: string }[]> => {
      const { keys } = JSON.parse((await key(['list', '--json'])).stdout);
      return keys.find(({ path }: { path: string }) => path === at('mine.ppk')).problems;
    };
    expect(await ppkProblems()).toEqual([]);
    rmSync(at('mine'));
    const [problem] = await ppkProblems();
    expect(problem?.name).toBe('putty-only');
    const cure = /`bai key (convert [^`]+)`/.exec(problem?.hint ?? '')?.[1] ?? '';
    expect((await key(cure.split(' '))).code).toBe(0);
    expect(readFileSync(at('mine'), 'utf8')).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(await ppkProblems()).toEqual([]);
  });

  test('what is wrong with a key is named, with the way out', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', at('short')]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('good')]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-b', '521', '-N', '', '-f', at('p521')]);
    await key(['convert', at('p521'), '--to', 'ppk']);
    chmodSync(at('good'), 0o640);
    writeFileSync(at('id_wrong'), readFileSync(at('good.pub')));
    writeFileSync(at('short.pub'), readFileSync(at('good.pub')));
    writeFileSync(at('cut'), readFileSync(at('good'), 'utf8').slice(0, 200));
    const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    writeFileSync(at('id_dsa'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const json = JSON.parse(
      (await key(['list', '--json'], { env: { BAI_IDENTITY: at('p521.pub') } })).stdout,
    );
    const problems = Object.fromEntries(
      json.keys.map((each: { path: string; problems: { name: string }[] }) => [
        each.path.slice(home.ssh.length + 1),
        each.problems.map(({ name }) => name).join(),
      ]),
    );
    expect(problems).toEqual({
      cut: 'damaged,too-open',
      good: 'too-open',
      'good.pub': '',
      id_dsa: 'dsa',
      id_wrong: 'public-as-identity',
      p521: 'p521-of-putty',
      'p521.ppk': 'p521-of-putty',
      'p521.pub': 'public-as-identity',
      short: 'other-public-half,rsa-too-short',
      'short.pub': '',
    });
    expect(json.keys.find(({ path }: { path: string }) => path === at('id_dsa'))).toMatchObject({
      algorithm: 'DSA',
      bits: 1024,
      format: 'pkcs8',
    });
    const shown = await key(['list']);
    expect(shown.stderr).toMatch(/warning: others can read .*good[\s\S]*chmod 600/);
  });

  test('the agent’s keys are listed, and one that does not answer does not stop the list', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'in the agent', '-f', at('mine')]);
    const socket = join(home.path, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(agent.stdout, 'data');
      await run('ssh-add', ['-q', at('mine')], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const list = JSON.parse((await key(['list', '--json'], { env: { SSH_AUTH_SOCK: socket } })).stdout);
      expect(list.agent).toBe('asked');
      expect(list.keys.at(-1)).toMatchObject({
        source: 'agent',
        comment: 'in the agent',
        algorithm: 'ED25519',
        sha256: list.keys[0].sha256,
      });
    } finally {
      agent.kill();
    }
    const silent = await key(['list', '--json'], { env: { SSH_AUTH_SOCK: join(home.path, 'nobody') } });
    expect([silent.code, JSON.parse(silent.stdout).agent]).toEqual([0, 'silent']);
  });

  test('a key of your own elsewhere (identity) is listed too, and none twice', async () => {
    await key(['generate', '--no-passphrase']);
    await key(['generate', '--no-passphrase', '-o', join(home.path, 'elsewhere')]);
    for (const [identity, count] of [
      [join(home.path, 'elsewhere'), 3],
      [at('id_ed25519'), 2],
      [join(home.path, 'gone'), 2],
    ] as const) {
      const list = JSON.parse((await key(['list', '--json'], { env: { BAI_IDENTITY: identity } })).stdout);
      expect([identity, list.keys.length]).toEqual([identity, count]);
    }
  });

  test('an unreachable manager is a warning, not a failure', async () => {
    await key(['generate', '--no-passphrase']);
    const env = { BACKEND_ENDPOINT: 'http://127.0.0.1:9', BACKEND_ACCESS_KEY: 'a', BACKEND_SECRET_KEY: 'b' };
    const list = await key(['list', '--json'], { env });
    expect([list.code, JSON.parse(list.stdout).account]).toEqual([0, 'not-known']);
    expect(JSON.parse(list.stderr).warning).toContain('127.0.0.1:9');
  });

  test('list says which key new sessions accept', async () => {
    await using bed = await openEmulator();
    const manager = new TestBed(bed.emulator, bed.home, releaseBehaviour('26.9.6').apiVersion);
    expect((await manager.call('PATCH', '/auth/ssh-keypair')).status).toBe(200);
    await bed.create('demo');
    await bed.bai(['key', 'fetch', 'demo']);
    await bed.bai(['key', 'generate', '--no-passphrase']);
    const list = JSON.parse((await bed.bai(['key', 'list', '--json'])).stdout);
    expect(list.account).toBe('asked');
    const accepted = list.keys.map(({ path, accepted: is }: { path: string; accepted: boolean }) => [
      path.split('/').at(-1),
      is,
    ]);
    expect(accepted).toEqual([
      ['id_container', true],
      ['id_ed25519', false],
      ['id_ed25519.pub', false],
    ]);
    expect((await bed.bai(['key', 'list'])).stdout).toMatch(
      /id_container\tprivate\tRSA 2048\tno\t0600\tyes\t-\t/,
    );
  });

  test('a manager that never answers does not hold the list up for good', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const env = {
      BACKEND_ENDPOINT: `http://127.0.0.1:${port}`,
      BACKEND_ACCESS_KEY: 'a',
      BACKEND_SECRET_KEY: 'b',
    };
    const list = await key(['list', '--json'], { env });
    expect([list.code, JSON.parse(list.stdout).account]).toEqual([0, 'not-known']);
    server.close();
  });
});
