/** `bai ssh-config`: what becomes of the user's files. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator } from '../contract/app-bed.ts';
import type { BaiResult } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

let bed: EmulatorBed;
let id: string;

beforeAll(async () => {
  bed = await openEmulator();
  id = await bed.create('demo');
});

afterAll(() => bed?.[Symbol.asyncDispose]());

interface Home extends Disposable {
  readonly path: string;
  readonly config: string;
  readonly own: string;
  run(...args: string[]): Promise<BaiResult>;
}

function newHome(userConfig?: string): Home {
  const { path, ...folder } = tempFolder();
  const config = join(path, '.ssh', 'config');
  if (userConfig !== undefined) {
    mkdirSync(join(path, '.ssh'), { mode: 0o700 });
    writeFileSync(config, userConfig, { encoding: 'latin1', mode: 0o600 });
  }
  return {
    path,
    config,
    own: join(path, '.local/share/bai/ssh_config'),
    run: (...args) => bed.bai(['ssh-config', ...args], { home: path }),
    ...folder,
  };
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

/** What is there beside what bai remembers of servers, which every command keeps. */
const tracesIn = (folder: string): string[] =>
  filesIn(folder).filter((name) => !name.startsWith('.local/share/bai/servers/'));

test('install makes what is missing: 0600 in 0700; a second run changes no byte and says so; remove leaves nothing', async () => {
  using home = newHome();
  const first = await home.run('install');
  expect([first.code, first.stdout]).toEqual([0, 'demo.bai\n']);
  expect(first.stderr).toContain(`created: ${home.own}\ncreated: ${home.config}\n`);
  expect(readFileSync(home.config, 'utf8')).toMatch(new RegExp(`^# .*\\nInclude ${home.own}\\n$`));
  expect([home.config, home.own, join(home.path, '.ssh')].map(modeOf)).toEqual([0o600, 0o600, 0o700]);
  const [before, ownBefore] = [home.config, home.own].map((path) => statSync(path));
  const second = await home.run('install');
  expect([second.code, second.stdout]).toEqual([0, 'demo.bai\n']);
  expect(second.stderr).toContain(`unchanged: ${home.own}\nunchanged: ${home.config}\n`);
  expect([statSync(home.config).ino, statSync(home.own).ino]).toEqual([before?.ino, ownBefore?.ino]);
  expect((await home.run('remove')).code).toBe(0);
  expect(tracesIn(home.path)).toEqual([]);
  const nothing = await home.run('remove');
  expect([nothing.code, nothing.stdout]).toEqual([0, '']);
  expect(nothing.stderr).toContain('unchanged');
});

test.each([
  ['comments, odd order and tabs', '# mine\n\n\tHost *\n  User   me # not a comment\n\n#end'],
  ['CRLF', 'Host a\r\n  User me\r\n\r\n'],
  ['bytes of no encoding', 'Host a\n# \u00e9\u00ff\u0080\n'],
  ['nothing', ''],
])('a file with %s is the same after remove as before install, byte for byte', async (_, text) => {
  using home = newHome(text);
  chmodSync(home.config, 0o644);
  expect((await home.run('install')).code).toBe(0);
  const after = readFileSync(home.config, 'latin1');
  expect(after).toBe(`Include ${home.own}${text.includes('\r\n') ? '\r\n' : '\n'}${text}`);
  expect((await home.run('install')).code).toBe(0);
  expect(readFileSync(home.config, 'latin1')).toBe(after);
  expect((await home.run('remove')).code).toBe(0);
  expect(readFileSync(home.config, 'latin1')).toBe(text);
  expect(modeOf(home.config)).toBe(0o644);
  expect(tracesIn(home.path)).toEqual(['.ssh/config']);
});

test('options before the first Host of the user’s file still hold for every host', async () => {
  using home = newHome('ServerAliveInterval 77\nHost *\n  ServerAliveCountMax 5\n');
  await home.run('install');
  const shown = (host: string): string =>
    execFileSync('ssh', ['-G', '-F', home.config, host], { encoding: 'utf8' });
  for (const host of ['demo.bai', 'example.com']) {
    expect(shown(host)).toContain('\nserveraliveinterval 77\n');
    expect(shown(host)).toContain('\nserveralivecountmax 5\n');
  }
});

test('an Include line that the user moved stays where it is', async () => {
  using home = newHome();
  mkdirSync(join(home.path, '.ssh'));
  const moved = `Host a\n  User me\n\nMatch all\ninclude "${home.own}"\n`;
  writeFileSync(home.config, moved);
  const ran = await home.run('install');
  expect(ran.stderr).toContain(`unchanged: ${home.config}`);
  expect(readFileSync(home.config, 'utf8')).toBe(moved);
  await home.run('remove');
  expect(readFileSync(home.config, 'utf8')).toBe('Host a\n  User me\n\nMatch all\n');
});

test('a link into a repository of dotfiles stays a link, and the file there keeps its mode', async () => {
  using home = newHome();
  mkdirSync(join(home.path, 'dotfiles'));
  mkdirSync(join(home.path, '.ssh'));
  const file = join(home.path, 'dotfiles', 'ssh-config');
  writeFileSync(file, 'Host a\n', { mode: 0o640 });
  symlinkSync('../dotfiles/ssh-config', home.config);
  await home.run('install');
  expect(readlinkSync(home.config)).toBe('../dotfiles/ssh-config');
  expect(readFileSync(file, 'utf8')).toBe(`Include ${home.own}\nHost a\n`);
  expect(modeOf(file)).toBe(0o640);
  await home.run('remove');
  expect([readFileSync(file, 'utf8'), lstatSync(home.config).isSymbolicLink()]).toEqual(['Host a\n', true]);
  expect(filesIn(join(home.path, 'dotfiles'))).toEqual(['ssh-config']);
});

test.each([
  ['read-only', (path: string) => writeFileSync(path, 'Host a\n', { mode: 0o444 })],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link to nowhere', (path: string) => symlinkSync('nowhere', path)],
])(
  'a configuration that is %s: it is said what to do, with the line to add, and then that works',
  async (_, make) => {
    using home = newHome();
    mkdirSync(join(home.path, '.ssh'));
    make(home.config);
    const failed = await home.run('install');
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toContain(`hint: put this line on top of it yourself: Include ${home.own}\n`);
    const json = await home.run('install', '--json');
    expect(JSON.parse(json.stderr.split('\n').find((line) => line.includes('"error"')) ?? '')).toMatchObject({
      error: { code: 'ssh-config-not-usable' },
    });
    rmSync(home.config, { recursive: true });
    writeFileSync(home.config, `Include ${home.own}\n`, { mode: 0o444 });
    expect((await home.run('install')).code).toBe(0);
  },
);

test('--dry-run writes nothing and shows what would change', async () => {
  using home = newHome('Host a\n  User me\nHost b\n');
  const install = await home.run('install', '--dry-run');
  expect(install.code).toBe(0);
  expect(install.stdout).toContain(
    `--- ${home.config}\n+++ ${home.config}\n+Include ${home.own}\n Host a\n   User me\n`,
  );
  expect(install.stdout).toContain(`--- nothing\n+++ ${home.own}\n`);
  expect(install.stdout).toContain('+Host demo.bai\n');
  expect(tracesIn(home.path)).toEqual(['.ssh/config']);
  await home.run('install');
  const again = await home.run('install', '--dry-run');
  expect([again.stdout, again.stderr]).toEqual(['', expect.stringContaining('nothing would change')]);
  const remove = await home.run('remove', '--dry-run');
  expect(remove.stdout).toContain(`-Include ${home.own}\n`);
  expect(remove.stdout).toContain(`--- ${home.own}\n+++ nothing\n`);
  expect(tracesIn(home.path)).toEqual(['.local/share/bai/ssh_config', '.ssh/config']);
});

test('--dry-run in a home without anything makes not even a folder', async () => {
  using home = newHome();
  expect((await home.run('install', '--dry-run')).code).toBe(0);
  expect(() => statSync(join(home.path, '.ssh'))).toThrow();
});

test('print prints what install writes', async () => {
  using home = newHome();
  const printed = await home.run('print');
  expect(tracesIn(home.path)).toEqual([]);
  await home.run('install');
  expect(printed).toMatchObject({ code: 0, stdout: readFileSync(home.own, 'utf8') });
  expect(printed.stdout).toMatch(/sftp -B 32768[\s\S]*scp -X buffer=32768[\s\S]*bai sftp get/);
  expect(JSON.parse((await home.run('print', '--json')).stdout)).toEqual({ text: printed.stdout });
});

test('--json: hosts, and what became of the files', async () => {
  using home = newHome();
  const ran = await home.run('install', '--json');
  expect(JSON.parse(ran.stdout)).toEqual({
    hosts: [{ host: 'demo.bai', id, name: 'demo', named: 'by-name' }],
    dryRun: false,
    files: [
      { path: home.own, change: 'created' },
      { path: home.config, change: 'created' },
    ],
  });
  const dry = JSON.parse((await home.run('remove', '--dry-run', '--json')).stdout) as object;
  expect(dry).toMatchObject({
    hosts: [],
    dryRun: true,
    files: [{ change: 'removed', diff: expect.any(Array) }, {}],
  });
});

test('what chose the manager stays chosen: profile, endpoint, environment file and BAI_HOME, but no secret', async () => {
  using home = newHome();
  const file = join(home.path, 'env file');
  writeFileSync(file, `BACKEND_SECRET_KEY=${bed.emulator.secretKey}\n`);
  const state = join(home.path, 'state');
  const args = [
    '--profile',
    'work',
    '--endpoint',
    bed.emulator.endpoint,
    '--env-file',
    'env file',
    'ssh-config',
    'install',
  ];
  const env = { BAI_HOME: state, BACKEND_SECRET_KEY: '' };
  await bed.bai(['--profile', 'work', 'config', 'set', 'project', 'default'], { home: home.path, env });
  const ran = await bed.bai(args, { home: home.path, env });
  expect(ran.code, ran.stderr).toBe(0);
  const text = readFileSync(join(state, 'ssh_config'), 'utf8');
  const chosen = `--profile work --endpoint ${bed.emulator.endpoint} --env-file '${file}' app ssh --stdio`;
  expect(text.match(/^ {2}ProxyCommand .*$/gm)?.every((line) => line.includes(chosen))).toBe(true);
  expect(text).toContain(`ProxyCommand /usr/bin/env BAI_HOME=${state} ${process.execPath} `);
  expect(text).not.toContain(bed.emulator.secretKey);
  expect(readFileSync(home.config, 'utf8')).toContain(`Include ${state}/ssh_config\n`);
});

test('keys that come from variables are no keys for an editor, which is said', async () => {
  using home = newHome();
  const ran = await home.run('install');
  expect(ran.stderr).toMatch(
    /warning: .*BACKEND_ENDPOINT, BACKEND_ACCESS_KEY, BACKEND_SECRET_KEY[\s\S]*hint: .*config set/,
  );
});

test('a folder that ssh’s configuration has no words for is refused', async () => {
  using home = newHome();
  const refused = await bed.bai(['ssh-config', 'install'], {
    home: home.path,
    env: { BAI_HOME: join(home.path, ['a$', '{b}'].join('')) },
  });
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(/cannot stand in ssh's configuration[\s\S]*BAI_HOME/);
});

test('sessions with names that are none for hosts are listed by their ids; those that end are not listed', async () => {
  await using other = await openEmulator();
  const ids = new Map<string, string>();
  for (const name of ['Upper', 'plain', 'going']) ids.set(name, await other.create(name));
  other.emulator.sessions.get('plain').name = "x'; $(touch pwned) \nHost *\n  ProxyCommand evil";
  await other.emulator.sessions.get('going').force('TERMINATING');
  const ran = await other.bai(['ssh-config', 'install']);
  expect(ran.stdout.trim().split('\n').sort()).toEqual(
    [`${ids.get('Upper')}.bai`, `${ids.get('plain')}.bai`].sort(),
  );
  expect(ran.stderr).toContain('"Upper" is not a valid host name');
  const text = readFileSync(join(other.home, '.local/share/bai/ssh_config'), 'utf8');
  expect(text.match(/^\s*(Host|ProxyCommand) .*/gm)).toHaveLength(6);
  expect(text).not.toMatch(/^ *ProxyCommand evil/m);
});

test('a home with a space in its name', async () => {
  using outer = tempFolder();
  const home = join(outer.path, 'my home');
  mkdirSync(home);
  expect((await bed.bai(['ssh-config', 'install'], { home })).code).toBe(0);
  const config = join(home, '.ssh', 'config');
  const shown = execFileSync('ssh', ['-G', '-F', config, 'demo.bai'], { encoding: 'utf8' });
  expect(shown).toContain(`hostkeyalias bai-${id}`);
  expect(shown).toContain(`identityfile ${home}/.ssh/id_container`);
  await bed.bai(['ssh-config', 'remove'], { home });
  expect(tracesIn(home)).toEqual([]);
});

test('what Windows has no env for is set by the first words, and by no others', async () => {
  using home = newHome();
  const state = join(home.path, 'elsewhere');
  const first = await bed.bai(['--set-env', `BAI_HOME=${state}`, 'ssh-config', 'print'], { home: home.path });
  expect(first.stdout).toContain(`UserKnownHostsFile ${state}/ssh-hosts/%n`);
  const later = await bed.bai(['ssh-config', '--set-env', `BAI_HOME=${state}`, 'print'], { home: home.path });
  expect([later.code, later.stderr]).toEqual([2, expect.stringContaining('unknown option')]);
});
