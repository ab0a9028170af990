/** `bai open`, with programs on PATH that note what they were started with. */

import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatorBed, filesIn, listenersOn, openEmulator, until } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished, launcher, untilPrinted } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

const run = promisify(execFile);
let bed: EmulatorBed;
let id: string;
let folder: TempFolder;

beforeAll(async () => {
  bed = await openEmulator();
  id = await bed.create('demo');
  await bed.bai(['ssh-config', 'install']);
});

beforeEach(() => {
  folder?.[Symbol.dispose]();
  folder = tempFolder();
  mkdirSync(join(folder.path, 'bin'));
});

afterAll(async () => {
  folder?.[Symbol.dispose]();
  await bed?.[Symbol.asyncDispose]();
});

/** A real program of that name, which notes its arguments and its process, and does what `then` says. */
function place(name: string, then = 'exit 0'): void {
  const path = join(folder.path, 'bin', name);
  const note = join(folder.path, `${name}.argv`);
  writeFileSync(
    path,
    `#!/bin/sh\nprintf '%s\\0' "$@" > '${note}.new'\nmv '${note}.new' '${note}'\n${then}\n`,
  );
  chmodSync(path, 0o755);
}

/** What the program was started with; nothing when it was not. */
function noted(name: string): string[] | undefined {
  const note = join(folder.path, `${name}.argv`);
  return existsSync(note) ? readFileSync(note, 'utf8').split('\0').slice(0, -1) : undefined;
}

const startedPrograms = (): string[] => readdirSync(folder.path).filter((name) => name.endsWith('.argv'));

/** The programs of the test, and of the machine no more than they need. */
const desktop = () => ({ PATH: `${join(folder.path, 'bin')}:/usr/bin:/bin`, DISPLAY: ':99' });

const open = (...args: string[]): Promise<BaiResult> => bed.bai(['open', ...args], { env: desktop() });

describe('editors', () => {
  test.each([
    ['vscode', 'code', ['--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/src']],
    ['code-insiders', 'code-insiders', ['--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/src']],
    ['vscodium', 'codium', ['--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/src']],
    ['cursor', 'cursor', ['--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/src']],
    ['windsurf', 'windsurf', ['--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/src']],
    ['zed', 'zed', ['ssh://demo.bai/home/work/src']],
    ['zed', 'zeditor', ['ssh://demo.bai/home/work/src']],
    [
      'jetbrains',
      'xdg-open',
      [
        'jetbrains-gateway://connect#type=ssh&deploy=false&host=demo.bai&port=22&user=work&projectPath=%2Fhome%2Fwork%2Fsrc',
      ],
    ],
  ])('%s is opened with %s', async (editor, program, args) => {
    place(program);
    place('xdg-open');
    const opened = await open(editor, 'demo', 'src');
    expect([opened.code, opened.stdout]).toEqual([0, '']);
    expect(opened.stderr).toContain(`opening /home/work/src of demo.bai in`);
    expect(noted(program)).toEqual(args);
    expect(startedPrograms()).toEqual([`${program}.argv`]);
  });

  test('a folder with a hostile name is one argument, and runs nothing', async () => {
    place('code');
    const name = 'a b/#?%41/$(touch pwned)`touch pwned`;\'"&|<>/日本';
    expect((await open('vscode', 'demo', name)).code).toBe(0);
    const [, uri = ''] = noted('code') ?? [];
    expect(decodeURIComponent(uri)).toBe(`vscode-remote://ssh-remote+demo.bai/home/work/${name}`);
    expect(uri).toMatch(/^[\w:/+.%-]+$/);
    expect([filesIn(bed.home), filesIn(folder.path)].flat()).not.toContain('pwned');
  });

  test('without the editor’s own command line the system opens the URL', async () => {
    place('xdg-open');
    const opened = await open('cursor', 'demo', '/data');
    expect([opened.code, opened.stdout]).toEqual([0, '']);
    expect(noted('xdg-open')).toEqual(['cursor://vscode-remote/ssh-remote+demo.bai/data']);
  });

  test('a command line that fails, or is no program, leaves it to the system', async () => {
    place('code', 'exit 1');
    place('zed');
    writeFileSync(join(folder.path, 'bin', 'zed'), '#!/no/such/interpreter\n');
    place('xdg-open');
    for (const editor of ['vscode', 'zed']) {
      expect((await open(editor, 'demo')).stderr).toContain('(xdg-open)');
    }
    expect(noted('xdg-open')).toEqual(['zed://ssh/demo.bai/home/work']);
  });

  test('a program of that name in the current folder is not started', async () => {
    place('code');
    const env = { ...desktop(), PATH: ':/usr/bin:/bin' };
    const opened = await bed.bai(['open', 'vscode', 'demo'], { cwd: join(folder.path, 'bin'), env });
    expect(opened.stdout).toMatch(/^vscode:/);
    expect(startedPrograms()).toEqual([]);
  });

  test('an editor that stays in the foreground is not waited for, and outlives bai', async () => {
    place('code', `echo $$ > '${join(folder.path, 'pid')}'; exec sleep 60`);
    const opened = await open('vscode', 'demo');
    expect([opened.code, opened.stdout]).toEqual([0, '']);
    const pid = Number(readFileSync(join(folder.path, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 'SIGTERM')).not.toThrow();
  });

  test('where nothing can open it the URL is the answer', async () => {
    const opened = await open('vscode', 'demo');
    expect([opened.code, opened.stdout]).toEqual([
      0,
      'vscode://vscode-remote/ssh-remote+demo.bai/home/work\n',
    ]);
    expect(opened.stderr).toMatch(/no program here could open the URL \(tried code, xdg-open\)\nhint: /);
  });

  test.each([
    ['without a display', { DISPLAY: '' }],
    ['in CI', { CI: 'true' }],
  ])('%s nothing is started, and the URL is the answer', async (_, environment) => {
    place('code');
    place('xdg-open');
    const opened = await bed.bai(['open', 'vscode', 'demo'], { env: { ...desktop(), ...environment } });
    expect([opened.code, opened.stdout]).toEqual([
      0,
      'vscode://vscode-remote/ssh-remote+demo.bai/home/work\n',
    ]);
    expect(opened.stderr).toContain('no desktop');
    expect(startedPrograms()).toEqual([]);
  });

  test('--print starts nothing and says nothing but the URL', async () => {
    place('code');
    const printed = await open('vscode', 'demo', '--print');
    expect(printed).toMatchObject({
      code: 0,
      stdout: 'vscode://vscode-remote/ssh-remote+demo.bai/home/work\n',
      stderr: '',
    });
    expect(startedPrograms()).toEqual([]);
  });

  test('--json tells the same as data', async () => {
    place('code');
    const facts = {
      program: 'vscode',
      session: { id, name: 'demo', status: 'RUNNING' },
      host: 'demo.bai',
      user: 'work',
      path: '/home/work/src',
      url: 'vscode://vscode-remote/ssh-remote+demo.bai/home/work/src',
    };
    const printed = await open('vscode', 'demo', 'src', '--print', '--json');
    expect(JSON.parse(printed.stdout)).toEqual(facts);
    const opened = await open('vscode', 'demo', 'src', '--json');
    expect([JSON.parse(opened.stdout), opened.stderr]).toEqual([{ ...facts, openedWith: 'code' }, '']);
  });

  test('the key and the host key are there before the editor is', async () => {
    using home = tempFolder();
    await bed.bai(['ssh-config', 'install'], { home: home.path });
    place('code');
    await bed.bai(['open', 'vscode', 'demo'], { home: home.path, env: desktop() });
    expect(filesIn(home.path)).toContain('.ssh/id_container');
    expect(readFileSync(join(home.path, '.local/share/bai/known_hosts'), 'utf8')).toContain(`bai-${id}`);
  });

  test('a session that still starts is waited for, and its state is told', async () => {
    await using other = await openEmulator();
    await other.bai(['ssh-config', 'install']);
    other.emulator.sessions.holdAt('PREPARING');
    await other.bai(['session', 'create', 'python', '--name', 'slow', '--no-wait']);
    place('code');
    const child = other.start(['open', 'vscode', 'slow'], { env: desktop() });
    const ended = finished(child);
    await untilPrinted(child, 'stderr', /slow: PREPARING/);
    expect(startedPrograms()).toEqual([]);
    other.emulator.sessions.holdAt(undefined);
    expect((await ended).code).toBe(0);
    expect(noted('code')?.[1]).toBe('vscode-remote://ssh-remote+slow.bai/home/work');
  });

  test('no key and no password is in what is started or printed', async () => {
    place('code');
    const opened = await open('vscode', 'demo', '--json');
    const key = readFileSync(join(bed.home, '.ssh/id_container'), 'utf8').split('\n');
    const secrets = [bed.emulator.secretKey, ...key.filter((line) => line.length > 20)];
    const shown = [...(noted('code') ?? []), opened.stdout, opened.stderr].join(' ');
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    expect(shown).not.toMatch(/PRIVATE KEY/);
  });

  test.each([
    [['nope', 'demo'], 2, /one of vscode, /],
    [['vscode', 'demo', 'a\nb'], 2, /control character/],
    [['vscode', 'demo', '--port', '12000'], 2, /for `bai open sftp`/],
    [['zed', 'demo', '--user', 'root'], 2, /give --user and --identity to `bai ssh-config install`/],
    [['vscode', 'nosuch'], 4, /no session named nosuch/],
  ])('%j ends with %i', async (args, code, words) => {
    place('code');
    const refused = await open(...args);
    expect([refused.code, refused.stdout]).toEqual([code, '']);
    expect(refused.stderr).toMatch(words);
    expect(startedPrograms()).toEqual([]);
  });
});

describe('the host of the URL', () => {
  /** Where the plain ssh that an editor starts ends up. */
  async function idBehind(uri: string, config: string): Promise<string> {
    const host = /ssh-remote\+([^/]+)/.exec(uri)?.[1] ?? '';
    const env = { ...cleanEnvironment({ home: bed.home, env: bed.env }) };
    const { stdout } = await run('ssh', ['-F', config, host, 'pwd'], { env });
    return stdout.trim();
  }

  test('is one by which plain ssh gets into this session, whatever it is called', async () => {
    const config = join(bed.home, '.ssh/config');
    const cases = [
      { name: 'later', host: () => 'later.bai' },
      { name: 'Upper', host: (own: string) => `${own}.bai` },
    ];
    for (const { name, host } of cases) {
      const own = await bed.create(name);
      const uri = (await open('vscode', name, '--print')).stdout;
      expect(uri).toBe(`vscode://vscode-remote/ssh-remote+${host(own)}/home/work\n`);
      expect(await idBehind(uri, config)).toBe(bed.emulator.sessions.get(name).home);
    }
  });

  test('is the id when the list has an older session of the name, which plain ssh would ask for', async () => {
    await bed.create('reused');
    await bed.bai(['ssh-config', 'install']);
    await bed.bai(['session', 'terminate', 'reused']);
    const now = await bed.create('reused');
    const uri = (await open('vscode', 'reused', '--print')).stdout;
    expect(uri).toBe(`vscode://vscode-remote/ssh-remote+${now}.bai/home/work\n`);
    expect(await idBehind(uri, join(bed.home, '.ssh/config'))).toBe(bed.emulator.sessions.get('reused').home);
  });
});

describe('without bai’s hosts in ssh’s configuration', () => {
  let home: TempFolder;

  beforeEach(() => {
    home = tempFolder();
    return () => home[Symbol.dispose]();
  });

  const config = (): string => join(home.path, '.ssh/config');
  const openHere = (...args: string[]): Promise<BaiResult> =>
    bed.bai(['open', 'vscode', 'demo', ...args], { home: home.path, env: desktop() });

  test('nobody is asked off a terminal: it fails with the command to run, and nothing is written', async () => {
    place('code');
    const refused = await openHere('--json');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(JSON.parse(refused.stderr).error).toMatchObject({
      code: 'ssh-config-missing',
      hint: expect.stringContaining('bai ssh-config install'),
    });
    expect([filesIn(home.path), startedPrograms()]).toEqual([[], []]);
  });

  test('an Include line whose file is gone is as good as none', async () => {
    await bed.bai(['ssh-config', 'install'], { home: home.path });
    rmSync(join(home.path, '.local/share/bai/ssh_config'));
    expect((await openHere()).stderr).toContain('bai ssh-config install');
  });

  test('hosts of another profile are not gone by, for a name may be another session there', async () => {
    await bed.bai(['--profile', 'other', 'config', 'set', 'project', 'default'], { home: home.path });
    await bed.bai(['ssh-config', 'install', '--profile', 'other'], { home: home.path });
    const refused = await openHere('--json');
    expect(JSON.parse(refused.stderr).error.code).toBe('ssh-config-other');
    expect((await openHere('--profile', 'other', '--print')).code).toBe(0);
  });

  test('hosts that were installed for another account are gone by as they are', async () => {
    await bed.bai(['ssh-config', 'install', '--user', 'root'], { home: home.path });
    const printed = await bed.bai(['open', 'jetbrains', 'demo', '--print'], { home: home.path });
    expect(printed.stdout).toContain('&user=root&');
  });

  const typed = `'${process.execPath}' '${launcher}' open vscode demo; echo "status=$?"\r`;

  test.each([
    ['Enter', '\r'],
    ['y', 'y\r'],
  ])('on a terminal %s installs them, and the editor opens', async (_, answer) => {
    place('code');
    using terminal = openTerminal({ home: home.path, env: { ...bed.env, ...desktop() } });
    terminal.type(typed);
    await terminal.see(/install it now\? \[Y\/n\] /);
    expect([existsSync(config()), startedPrograms()]).toEqual([false, []]);
    terminal.type(answer);
    await terminal.see(/status=0/);
    expect(readFileSync(config(), 'utf8')).toContain('Include ');
    expect(noted('code')?.[1]).toBe('vscode-remote://ssh-remote+demo.bai/home/work');
  });

  test('on a terminal those of another profile get company when the user says so', async () => {
    await bed.bai(['--profile', 'other', 'config', 'set', 'project', 'default'], { home: home.path });
    await bed.bai(['ssh-config', 'install', '--profile', 'other'], { home: home.path });
    const own = join(home.path, '.local/share/bai/ssh_config');
    place('code');
    using terminal = openTerminal({ home: home.path, env: { ...bed.env, ...desktop() } });
    terminal.type(typed);
    await terminal.see(/another profile or manager; put these in their place now\? \[Y\/n\] /);
    expect(readFileSync(own, 'utf8')).toContain('--profile other');
    terminal.type('\r');
    await terminal.see(/status=0/);
    const [, ofDefault = ''] = readFileSync(own, 'utf8').split('# Written by ');
    expect(ofDefault).toContain('Host demo.bai');
    expect(ofDefault).not.toContain('--profile');
    expect(startedPrograms()).toEqual(['code.argv']);
  });

  test.each([
    ['n', 'n\r', /status=1\r/],
    ['the end of the input', '\x04', /status=1\r/],
    ['Ctrl-C', '\x03', /status=130\r|\^C[\s\S]*\$ /],
  ])('on a terminal %s leaves everything as it is', async (_, answer, end) => {
    place('code');
    using terminal = openTerminal({ home: home.path, env: { ...bed.env, ...desktop() } });
    terminal.type(typed);
    await terminal.see(/install it now\? \[Y\/n\] /);
    terminal.type(answer);
    await terminal.see(end);
    expect([existsSync(config()), startedPrograms()]).toEqual([false, []]);
  });
});

describe('sftp', () => {
  test('a real sftp goes through the URL with the key file that is named, until Ctrl-C', async () => {
    place('xdg-open');
    const there = bed.emulator.sessions.get('demo').home ?? '';
    mkdirSync(join(there, 'a b#c'), { recursive: true });
    writeFileSync(join(there, 'a b#c', 'file.txt'), 'over there');
    using home = tempFolder();
    const child = bed.start(['open', 'sftp', 'demo', 'a b#c'], { home: home.path, env: desktop() });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = finished(child);
    const [, url = '', port = ''] = await untilPrinted(
      child,
      'stdout',
      /^(sftp:\S+@127\.0\.0\.1:(\d+)\/\S*)\n/,
    );
    expect(decodeURIComponent(new URL(url).pathname)).toBe('/home/work/a b#c');
    expect(listenersOn(Number(port))).toEqual(['127.0.0.1']);
    await until(() => noted('xdg-open') !== undefined, 'the system is asked to open it');
    expect(noted('xdg-open')).toEqual([url]);
    await until(() => stderr.includes('Ctrl-C'), 'all is told');
    const key = /key file (\S+) for the account work/.exec(stderr)?.[1] ?? '';
    const options = [
      'StrictHostKeyChecking=no',
      `UserKnownHostsFile=${home.path}/known`,
      'IdentitiesOnly=yes',
    ];
    const batch = join(home.path, 'batch');
    const { pathname, username } = new URL(url);
    writeFileSync(batch, `get "${decodeURIComponent(pathname)}/file.txt" ${home.path}/copy\n`);
    await run('sftp', [
      ...['-F', 'none', '-i', key, ...options.flatMap((option) => ['-o', option])],
      ...['-b', batch, `sftp://${username}@127.0.0.1:${port}`],
    ]);
    expect(readFileSync(join(home.path, 'copy'), 'utf8')).toBe('over there');
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(listenersOn(Number(port))).toEqual([]);
  });

  test('--print --json starts nothing, tells port and key, and needs no ssh configuration', async () => {
    place('xdg-open');
    using home = tempFolder();
    const child = bed.start(['open', 'sftp', 'demo', '--print', '--json'], {
      home: home.path,
      env: desktop(),
    });
    const ended = finished(child);
    const [text] = await untilPrinted(child, 'stdout', /^\{[\s\S]*^\}\n/m);
    const facts = JSON.parse(text);
    expect(facts).toEqual({
      program: 'sftp',
      session: { id, name: 'demo', status: 'RUNNING' },
      host: '127.0.0.1',
      port: expect.any(Number),
      user: 'work',
      identityFile: join(home.path, '.ssh/id_container'),
      path: '/home/work',
      url: `sftp://work@127.0.0.1:${facts.port}/home/work`,
    });
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(startedPrograms()).toEqual([]);
    expect(existsSync(join(home.path, '.ssh/config'))).toBe(false);
  });

  test('Ctrl-C while an opener hangs closes the port, with status 0', async () => {
    place('xdg-open', 'exec sleep 5');
    const child = bed.start(['open', 'sftp', 'demo'], { env: desktop() });
    const ended = finished(child);
    await until(() => noted('xdg-open') !== undefined, 'the opener runs');
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });
});
