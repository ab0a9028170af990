/** `bai profile`, and which profile is meant. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Home extends Disposable {
  readonly path: string;
  run(line: string, env?: Record<string, string>): Promise<BaiResult>;
  json(line: string, env?: Record<string, string>): Promise<unknown>;
  content(): unknown;
}

const secret = 'a-secret-nobody-may-see';
const work = { endpoint: 'https://work.example', accessKey: 'AKWORK', secretKey: secret };
const home = { endpoint: 'https://home.example', secretCommand: 'pass show home' };

function openHome(content: object = { profiles: { default: {}, home, work } }): Home {
  const folder = tempFolder();
  const file = join(folder.path, '.config/bai/config.json');
  mkdirSync(join(folder.path, '.config/bai'), { recursive: true });
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  const run: Home['run'] = (line, env = {}) => bai(line.split(' '), { home: folder.path, env });
  return {
    path: folder.path,
    run,
    async json(line, env) {
      const { code, stdout, stderr } = await run(`${line} --json`, env);
      return JSON.parse(code === 0 ? stdout : stderr);
    },
    content: () => JSON.parse(readFileSync(file, 'utf8')),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('list tells which is current, whose each is, and where its secrets are', async () => {
  using at = openHome();
  const { code, stdout, stderr } = await at.run('profile list');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').map((line) => line.split('\t'))).toEqual([
    ['default', '*', 'backend.ai', '-', '-', '-'],
    ['home', '-', 'backend.ai', 'https://home.example', '-', 'command'],
    ['work', '-', 'backend.ai', 'https://work.example', 'AKWORK', 'file'],
    [''],
  ]);
});

test('use makes one current, for which no -P is needed; BAI_PROFILE and -P come before it', async () => {
  using at = openHome();
  expect(await at.json('profile use work')).toEqual({ profile: 'work', previous: 'default' });
  expect(at.content()).toEqual({ profiles: { default: {}, home, work }, current: 'work' });
  const endpoint = async (line: string, env?: Record<string, string>): Promise<string> =>
    (await at.run(line, env)).stdout;
  expect(await endpoint('config get endpoint')).toBe('https://work.example\n');
  expect(await endpoint('config get endpoint', { BAI_PROFILE: 'home' })).toBe('https://home.example\n');
  expect(await endpoint('-P home config get endpoint', { BAI_PROFILE: 'x' })).toBe('https://home.example\n');
  const { code, stderr } = await at.run('profile use home', { BAI_PROFILE: 'work' });
  expect([code, stderr]).toEqual([0, expect.stringContaining('BAI_PROFILE is "work", which counts before')]);
});

test('show says what is stored and where secrets are, and none of them', async () => {
  using at = openHome();
  const { stdout, stderr } = await at.run('profile show work');
  expect(stdout).toBe(
    'endpoint\thttps://work.example\naccessKey\tAKWORK\nsecretKey\t(secret, in the file)\n',
  );
  expect(stdout + stderr).not.toContain(secret);
  expect(await at.json('-P home profile show')).toMatchObject({
    name: 'home',
    current: true,
    settings: [
      { name: 'endpoint', value: 'https://home.example' },
      { name: 'secretCommand', value: 'pass show home' },
    ],
  });
});

test('rename keeps all of it, and what was current stays current', async () => {
  using at = openHome({ profiles: { home, work }, current: 'work' });
  expect(await at.json('profile rename work lab')).toEqual({ profile: 'lab', previous: 'work' });
  expect(at.content()).toEqual({ profiles: { home, lab: work }, current: 'lab' });
  expect(await at.json('profile rename lab home')).toMatchObject({ error: { code: 'profile-exists' } });
  expect(await at.json('profile rename lab a/b')).toMatchObject({ error: { code: 'usage' } });
  expect(await at.json('profile rename nosuch x')).toMatchObject({ error: { code: 'no-such-profile' } });
});

test('remove wants to be confirmed, and to know what is current then', async () => {
  using at = openHome({ profiles: { home, work }, current: 'work' });
  const refused = await at.run('profile remove home');
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('confirm it with --yes')]);
  expect(await at.json('profile remove work --yes')).toMatchObject({
    error: { code: 'profile-in-use', profiles: ['home'], hint: '`bai profile remove work --use home`' },
  });
  expect(await at.json('profile remove work --yes --use nosuch')).toMatchObject({ error: { code: 'usage' } });
  expect(at.content()).toEqual({ profiles: { home, work }, current: 'work' });
  expect(await at.json('profile remove work --yes --use home')).toEqual({ removed: 'work', current: 'home' });
  expect(await at.json('profile remove home --yes')).toEqual({ removed: 'home', current: 'default' });
  expect(at.content()).toEqual({ profiles: {}, current: 'default' });
});

test('hosts of plain ssh that still mean a profile are told of when it goes', async () => {
  using at = openHome();
  mkdirSync(join(at.path, '.local/share/bai'), { recursive: true });
  const hosts = '# Hosts of profile work:\n\nHost *.work.bai "!*\'*"\n  User work\n';
  writeFileSync(join(at.path, '.local/share/bai/ssh_config'), hosts);
  const renamed = await at.run('profile rename work lab');
  expect(renamed.stderr).toContain(
    'the hosts NAME.work.bai of your ssh configuration still mean profile "work"',
  );
  expect(renamed.stderr).toContain('bai --profile lab ssh-config install');
  expect((await at.run('profile rename home flat')).stderr).not.toContain('ssh configuration');
});

const here = { ...work, endpoint: 'http://127.0.0.1:1' };

test('which profile is meant is said where there are several and it was not typed', async () => {
  using several = openHome({
    profiles: { cloud: { provider: 'ucloud', endpoint: 'https://cloud.example' }, work: here },
    current: 'work',
  });
  expect((await several.run('config list')).stderr).toBe('profile "work"\n');
  const change = 'session terminate demo';
  expect((await several.run(change)).stderr).toContain('profile "work": http://127.0.0.1:1\n');
  expect((await several.run(`-P work ${change}`)).stderr).not.toContain('profile "work":');
  expect((await several.run(`-q ${change}`)).stderr).not.toContain('profile "work":');
  const refused = await several.run('session list', { BAI_PROFILE: 'cloud' });
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('profile "cloud" is meant')]);

  using alone = openHome({
    profiles: { work: here },
    current: 'work',
  });
  expect((await alone.run('config list')).stderr).toBe('');
  expect((await alone.run(change)).stderr).not.toContain('profile');
});

test('secretCommand gives the secret of its own profile, and is told to be there; its result is stored nowhere', async () => {
  const command = `echo ${secret}; echo ran >> "$HOME/ran"`;
  const lab = { endpoint: 'http://127.0.0.1:1', accessKey: 'AK', secretCommand: command };
  using at = openHome({ profiles: { lab }, current: 'lab' });
  const tried = await at.run('session list');
  expect(tried.code).toBe(5);
  expect(readFileSync(join(at.path, 'ran'), 'utf8')).toBe('ran\n');
  expect(at.content()).toEqual({ profiles: { lab }, current: 'lab' });
  // Not for an address from elsewhere, and not for a question about settings.
  await at.run('session list --endpoint http://127.0.0.1:2');
  await at.run('config list');
  expect(readFileSync(join(at.path, 'ran'), 'utf8')).toBe('ran\n');
  const failing = { profiles: { lab: { ...lab, secretCommand: `false ${secret}` } }, current: 'lab' };
  using broken = openHome(failing);
  const refused = await broken.run('session list');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('error: secretCommand (false) failed with status 1\n');
  expect(refused.stderr).not.toContain(secret);
});
