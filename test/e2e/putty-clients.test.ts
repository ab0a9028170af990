/** What `--for` prints and `sftp site` writes, judged by the real plink, psftp, pscp, puttygen and FileZilla. */

import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatorBed, filesIn, forward, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher, untilPrinted } from '../support/bai.ts';
import { filezillaMissing, openInFilezilla } from '../support/filezilla.ts';
import { puttygen } from '../support/key-programs.ts';
import { sessionDropbearMissing, startSessionDropbear } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTrap, type TrapBed } from './traps-bed.ts';

const run = promisify(execFile);
const session = 'demo';

/** A HOME with everything in its name that a shell or an XML file could stumble over. */
function makeHome(bed: EmulatorBed, name = `it's <a> & "b" $HOME`): string {
  const home = join(bed.home, name);
  mkdirSync(home, { recursive: true });
  return home;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const linePublic = async (ppk: string): Promise<string> =>
  (await puttygen(readFileSync(ppk), undefined, '-L')).toString().trim().split(' ').slice(0, 2).join(' ');

interface Shown extends AsyncDisposable {
  readonly line: string;
  readonly port: number;
}

/** `bai ssh demo --no-client --for PROGRAM`, once its port listens. */
async function show(
  bed: EmulatorBed,
  home: string,
  program: string,
  ...more: readonly string[]
): Promise<Shown> {
  const child = bed.start(['ssh', session, '--no-client', '--for', program, ...more], { home });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [line] = await untilPrinted(child, 'stdout', /^.+\n/).catch((error: unknown) => {
    throw new Error(`${String(error)}; stderr: ${stderr}`);
  });
  const port = Number(/-P (\d+)/.exec(line)?.[1]);
  return {
    ...{ line: line.trimEnd(), port },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await new Promise((resolve) =>
        child.exitCode === null ? child.once('close', resolve) : resolve(null),
      );
    },
  };
}

interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Pasted into a shell. */
function paste(command: string, home: string, input = ''): Promise<Typed> {
  return new Promise((resolve) => {
    const options = { cwd: home, env: { PATH: process.env['PATH'], HOME: home } };
    const child = execFile('/bin/sh', ['-c', command], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** About one RSA login of PuTTY in a hundred fails on dropbear with this message, whoever calls it. */
async function pasteUntilIn(command: string, home: string, input = ''): Promise<Typed> {
  for (let tries = 0; ; tries += 1) {
    const typed = await paste(command, home, input);
    if (tries === 4 || !/refused public-key signature/.test(typed.stderr)) return typed;
  }
}

/** A session `demo`, and where its home is. */
interface Place extends AsyncDisposable {
  readonly bed: EmulatorBed;
  /** As a client of its sshd names it: this machine has no /home/work, which the embedded one maps. */
  readonly home: string;
  there(...parts: string[]): string;
}

async function openEmbedded(): Promise<Place> {
  const bed = await openEmulator();
  const id = await bed.create(session);
  const home = bed.emulator.sessions.get(id).home ?? '';
  return {
    bed,
    home: '/home/work',
    there: (...parts) => join(home, ...parts),
    [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
  };
}

/** What sessions have: an RSA key that was made for them. */
async function openDropbear(): Promise<Place> {
  const trap: TrapBed = await openTrap(startSessionDropbear);
  giveKey(trap);
  return trap;
}

/** The session hands out a new RSA key from now on, and lets it in. */
function giveKey({ there }: Pick<Place, 'there'>): void {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs1' });
  writeFileSync(there('id_container'), pem, { mode: 0o600 });
  appendFileSync(there('.ssh', 'authorized_keys'), `${publicOf(there('id_container'))}\n`);
}

function publicOf(key: string): string {
  chmodSync(key, 0o600);
  const line = execFileSync('ssh-keygen', ['-y', '-f', key], { encoding: 'utf8' });
  return line.trim().split(' ').slice(0, 2).join(' ');
}

const servers = [
  { name: 'the embedded manager', missing: undefined, open: openEmbedded },
  { name: 'the dropbear of sessions', missing: sessionDropbearMissing, open: openDropbear },
];

for (const { name, missing, open } of servers) {
  describe.skipIf(missing !== undefined)(
    `with the sshd of ${name}${missing === undefined ? '' : ` (${missing})`}`,
    () => {
      let place: Place;
      let home: string;
      beforeAll(async () => {
        place = await open();
        home = makeHome(place.bed);
      });
      afterAll(() => place?.[Symbol.asyncDispose]());

      test('the printed plink line logs in as it stands, and asks nothing', async () => {
        await using shown = await show(place.bed, home, 'plink');
        const typed = await pasteUntilIn(`${shown.line} 'echo in; exit 7'`, home);
        expect(typed).toMatchObject({ code: 7, stdout: 'in\n' });
        expect(typed.stderr).not.toMatch(/host key|Store key|Press Return/i);
        // Nothing is remembered about a port that another session may have tomorrow.
        expect(filesIn(home).filter((path) => path.endsWith('sshhostkeys'))).toEqual([]);
      });

      test('the printed psftp line opens the files of the session', async () => {
        await using shown = await show(place.bed, home, 'psftp');
        writeFileSync(place.there('seen.txt'), 'seen');
        const typed = await pasteUntilIn(shown.line, home, 'ls seen.txt\nquit\n');
        expect(typed.stdout).toMatch(/seen\.txt$/m);
        expect(typed.code).toBe(0);
      });

      test('the printed pscp line copies the file called FILE', async () => {
        await using shown = await show(place.bed, home, 'pscp');
        writeFileSync(join(home, 'FILE'), 'copied');
        const typed = await pasteUntilIn(shown.line.replace('/home/work', place.home), home);
        expect(typed.code, typed.stderr).toBe(0);
        expect(readFileSync(place.there('FILE'), 'utf8')).toBe('copied');
      });

      test('plink turns away from another host key without a question', async () => {
        await using shown = await show(place.bed, home, 'plink');
        const other = shown.line.replace(/SHA256:\S{43}/, `SHA256:${'A'.repeat(43)}`);
        expect(other).not.toBe(shown.line);
        const typed = await paste(`${other} true`, home);
        expect(typed.code).toBe(1);
        expect(typed.stderr).toMatch(/host key/i);
      });
    },
  );
}

describe('sftp site', () => {
  let place: Place;
  let home: string;
  let path: string;
  let key: string;
  let ppk: string;
  beforeAll(async () => {
    place = await openEmbedded();
  });
  afterAll(() => place?.[Symbol.asyncDispose]());
  beforeEach(() => {
    const folder = tempFolder();
    home = folder.path;
    path = join(home, 'demo.xml');
    key = join(home, '.ssh', 'id_container');
    ppk = `${key}.ppk`;
    return () => folder[Symbol.dispose]();
  });
  const site = (...more: readonly string[]) =>
    place.bed.bai(['sftp', 'site', session, '--filezilla', path, ...more], { home });
  const portIn = (): string | undefined => /<Port>(\d+)</.exec(readFileSync(path, 'utf8'))?.[1];

  describe('the file for PuTTY', () => {
    test('is version 2 for RSA, 0600, and the key of the session', async () => {
      expect(await site()).toMatchObject({ code: 0 });
      expect(readFileSync(ppk, 'latin1').startsWith('PuTTY-User-Key-File-2: ssh-rsa')).toBe(true);
      expect(modeOf(ppk)).toBe('600');
      expect(await linePublic(ppk)).toBe(publicOf(key));
    });

    test('is nobody else’s to read under a umask of 000', async () => {
      const words = [process.execPath, launcher, 'sftp', 'site', session, '--filezilla', path];
      const env = cleanEnvironment({ home, env: place.bed.env });
      await run('sh', ['-c', 'umask 000 && exec "$@"', 'sh', ...words], { env });
      expect([join(home, '.ssh'), key, ppk, path].map(modeOf)).toEqual(['700', '600', '600', '600']);
    });

    test('is whole when two commands make it at once', async () => {
      const both = await Promise.all([site(), site('--filezilla', join(home, 'other.xml'))]);
      expect(both.map(({ code, stderr }) => (code === 0 ? code : stderr))).toEqual([0, 0]);
      expect(await linePublic(ppk)).toBe(publicOf(key));
      expect(filesIn(join(home, '.ssh'))).toEqual(['id_container', 'id_container.ppk']);
    });

    test('is left as it is the second time, but for a mode that lets others read it', async () => {
      await site();
      const before = statSync(ppk);
      chmodSync(ppk, 0o644);
      const again = await site();
      expect(again.stderr).toContain('could be read by others');
      expect(modeOf(ppk)).toBe('600');
      expect(statSync(ppk)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    });

    test('is made anew when the key has changed', async () => {
      await site();
      const before = readFileSync(ppk, 'latin1');
      const issued = readFileSync(place.there('id_container'));
      giveKey(place);
      try {
        expect(await place.bed.bai(['key', 'fetch', session], { home })).toMatchObject({ code: 0 });
        expect(await site()).toMatchObject({ code: 0 });
      } finally {
        writeFileSync(place.there('id_container'), issued);
      }
      expect(readFileSync(ppk, 'latin1')).not.toBe(before);
      expect(await linePublic(ppk)).toBe(publicOf(key));
    });

    test('of another key that bai did not write stays, and no port opens', async () => {
      mkdirSync(join(home, '.ssh'), { mode: 0o700 });
      writeFileSync(ppk, 'PuTTY-User-Key-File-2: somebody else\n');
      const told = await place.bed.bai(['app', 'forward', session, '--for', 'putty', '--json'], { home });
      expect(told.code).toBe(6);
      expect(told.stdout).toBe('');
      expect(JSON.parse(lastLine(told.stderr))).toMatchObject({ error: { code: 'key-conflict', path: ppk } });
      expect(readFileSync(ppk, 'latin1')).toBe('PuTTY-User-Key-File-2: somebody else\n');
    });

    test('that is a link is not followed', async () => {
      mkdirSync(join(home, '.ssh'), { mode: 0o700 });
      writeFileSync(join(home, 'precious'), 'mine');
      symlinkSync(join(home, 'precious'), ppk);
      expect(await site()).toMatchObject({ code: 6 });
      expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('mine');
      expect(existsSync(path)).toBe(false);
    });

    test('of a key of one’s own is version 3 for Ed25519', async () => {
      const own = join(home, 'own');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
      expect(await site('--identity', own)).toMatchObject({ code: 0 });
      expect(readFileSync(`${own}.ppk`, 'latin1').startsWith('PuTTY-User-Key-File-3: ssh-ed25519')).toBe(
        true,
      );
      expect(await linePublic(`${own}.ppk`)).toBe(publicOf(own));
      expect(existsSync(ppk)).toBe(false);
    });

    test('of a key with a passphrase is never made unasked, and used once it is there', async () => {
      const own = join(home, 'own');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'words', '-f', own]);
      const refused = await site('--identity', own, '--json');
      expect(JSON.parse(lastLine(refused.stderr))).toMatchObject({
        error: { code: 'key-unusable', exitCode: 2 },
      });
      expect(existsSync(`${own}.ppk`)).toBe(false);
      const convert = ['key', 'convert', own, '--to', 'ppk', '--passphrase-stdin'];
      expect(await place.bed.bai(convert, { home, input: 'words\n' })).toMatchObject({ code: 0 });
      const made = readFileSync(`${own}.ppk`);
      expect(await site('--identity', own)).toMatchObject({ code: 0 });
      expect(readFileSync(`${own}.ppk`)).toEqual(made);
    });
  });

  describe('a site for FileZilla', () => {
    test('keeps its port when it is written again, unless another is asked for', async () => {
      expect(await site()).toMatchObject({ code: 0, stdout: `${path}\n` });
      const chosen = portIn();
      expect(Number(chosen)).toBeGreaterThanOrEqual(10_000);
      expect(JSON.parse((await site('--json')).stdout)).toMatchObject({
        change: 'unchanged',
        port: Number(chosen),
      });
      const moved = await site('-p', '23456');
      expect(portIn()).toBe('23456');
      expect(moved.stderr).toContain(`bai app forward ${session} -p 23456 --strict-port`);
    });

    test('has the port of the setting', async () => {
      const env = { BAI_SSH_PORT: '34567' };
      const made = await place.bed.bai(['sftp', 'site', session, '--filezilla', path], { home, env });
      expect(made.code, made.stderr).toBe(0);
      expect(portIn()).toBe('34567');
    });

    test('tells the fingerprints that host-key show has', async () => {
      const made = await site();
      const shown = await place.bed.bai(['host-key', 'show', session, '--json'], { home });
      const [pinned] = JSON.parse(shown.stdout) as [{ sha256: string; md5: string }];
      expect(made.stderr).toContain(`${pinned.sha256} (${pinned.md5})`);
    });

    test.each([
      ['a text', 'keep me\n'],
      ['sites of FileZilla', '<?xml version="1.0"?>\n<FileZilla3><Servers/></FileZilla3>\n'],
    ])('never replaces %s without --force', async (_, text) => {
      writeFileSync(path, text);
      const refused = await site('--json');
      expect(JSON.parse(lastLine(refused.stderr))).toMatchObject({ error: { code: 'site-conflict', path } });
      expect(refused.code).toBe(6);
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(JSON.parse((await site('--force', '--json')).stdout)).toMatchObject({ change: 'replaced' });
      expect(readFileSync(path, 'utf8')).toContain('<RemoteDir>1 0 4 home 4 work</RemoteDir>');
    });

    test('is never written through a link, not even with --force', async () => {
      writeFileSync(join(home, 'precious'), 'mine');
      symlinkSync(join(home, 'precious'), path);
      expect(await site('--force')).toMatchObject({ code: 6 });
      expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('mine');
    });

    test.skipIf(filezillaMissing !== undefined)(
      `lets FileZilla in, which lists the home${filezillaMissing === undefined ? '' : ` (${filezillaMissing})`}`,
      { timeout: 120_000 },
      async () => {
        // FileZilla itself does not find a key whose path has a double quote.
        const user = makeHome(place.bed, "it's <a> & $HOME");
        const sites = join(user, 'a.xml');
        const written = ['sftp', 'site', session, '--filezilla', sites, '--json'];
        const { port } = JSON.parse((await place.bed.bai(written, { home: user })).stdout) as {
          port: number;
        };
        await using _forward = await forward(place.bed, [session, '-p', String(port), '--strict-port'], {
          home: user,
        });
        const pins = readFileSync(join(user, '.local', 'share', 'bai', 'known_hosts'), 'utf8')
          .trim()
          .split(' ');
        using screen = tempFolder();
        const seat = { home: screen.path, sites, name: session, port };
        const hostKey = Buffer.from(pins[2] ?? '', 'base64');
        const log = await openInFilezilla({ ...seat, hostKey }, /Directory listing of .* successful|Error:/);
        expect(log).toContain(`keyfile "${join(user, '.ssh', 'id_container.ppk')}"`);
        expect(log).toContain('Directory listing of "/home/work" successful');
      },
    );
  });
});

describe('--for', () => {
  let bed: EmulatorBed;
  beforeAll(async () => {
    bed = await openEmulator();
    await bed.create(session);
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  test.each([
    ['without --no-client', ['ssh', session, '--for', 'putty'], '--no-client'],
    ['for another app', ['app', 'forward', session, 'jupyter', '--for', 'putty'], 'jupyter'],
    ['for an unknown program', ['app', 'forward', session, '--for', 'telnet'], 'openssh, putty'],
  ])('%s is a usage error', async (_, args, words) => {
    const told = await bed.bai(args);
    expect(told).toMatchObject({ code: 2, stdout: '' });
    expect(told.stderr).toContain(words);
  });

  test('openssh needs no file of PuTTY', async () => {
    await using shown = await show(bed, bed.home, 'openssh');
    expect(shown.line).toMatch(/^ssh -p \d+ -F none -i /);
    expect(existsSync(join(bed.home, '.ssh', 'id_container.ppk'))).toBe(false);
  });
});

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
