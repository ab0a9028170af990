/** `bai config`: profiles, origins, secrets, and the file they are in. */

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { expect, test } from 'vitest';
import { type BaiResult, bai, cleanEnvironment, launcher } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

const secret = 'a-secret-key-nobody-may-see';

interface Home extends Disposable {
  readonly path: string;
  readonly file: string;
  run(
    args: string,
    more?: { env?: Record<string, string>; input?: string; cwd?: string },
  ): Promise<BaiResult>;
}

function openHome(): Home {
  const folder = tempFolder();
  return {
    path: folder.path,
    file: join(folder.path, '.config/bai/config.json'),
    run: (args, more = {}) => bai(args.split(' '), { home: folder.path, ...more }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('what is set is got, with its origin on stderr', async () => {
  using home = openHome();
  expect(await home.run('config set domain lab')).toMatchObject({ code: 0, stdout: '' });
  expect(await home.run('config get domain')).toMatchObject({
    code: 0,
    stdout: 'lab\n',
    stderr: 'from profile "default"\n',
  });
});

test('config path prints where the file is, also before it exists', async () => {
  using home = openHome();
  expect(await home.run('config path')).toMatchObject({ code: 0, stdout: `${home.file}\n` });
  expect(existsSync(home.file)).toBe(false);
});

test('XDG_CONFIG_HOME and BAI_HOME move the file', async () => {
  using home = openHome();
  const xdg = { XDG_CONFIG_HOME: join(home.path, 'x') };
  expect((await home.run('config path', { env: xdg })).stdout).toBe(`${home.path}/x/bai/config.json\n`);
  const own = { BAI_HOME: join(home.path, 'own'), ...xdg };
  await home.run('config set domain lab', { env: own });
  expect(readFileSync(join(home.path, 'own/config.json'), 'utf8')).toContain('lab');
  expect((await home.run('config get domain', { env: own })).stdout).toBe('lab\n');
});

test('profiles are apart; --profile and BAI_PROFILE choose', async () => {
  using home = openHome();
  await home.run('config set domain first');
  await home.run('config set domain second --profile work');
  const values = [
    await home.run('config get domain'),
    await home.run('--profile work config get domain'),
    await home.run('config get domain', { env: { BAI_PROFILE: 'work' } }),
    await home.run('config get domain --profile default', { env: { BAI_PROFILE: 'work' } }),
  ].map(({ stdout }) => stdout);
  expect(values).toEqual(['first\n', 'second\n', 'second\n', 'first\n']);
});

test.each(['a/b', '../x', '__proto__', 'a%20b'.replace('%20', '\u00a0')])(
  '"%s" is no profile',
  async (name) => {
    using home = openHome();
    expect(await home.run(`config list --profile ${name}`)).toMatchObject({ code: 2 });
  },
);

test('list shows every setting with value and origin, and no secret', async () => {
  using home = openHome();
  await home.run('config set secretKey', { input: `${secret}\n` });
  const env = { BACKEND_ENDPOINT: 'https://api.example.com', BAI_USER: 'me' };
  const { code, stdout, stderr } = await home.run('config list', { env });
  const rows = stdout.split('\n').map((line) => line.split('\t'));
  expect(code).toBe(0);
  expect(rows).toContainEqual(['endpoint', 'https://api.example.com', 'BACKEND_ENDPOINT']);
  expect(rows).toContainEqual(['user', 'me', 'BAI_USER']);
  expect(rows).toContainEqual(['secretKey', '(secret)', 'profile "default"']);
  expect(rows).toContainEqual(['accessKey', '-', 'not set']);
  expect(rows).toContainEqual(['project', 'default', 'default']);
  expect(stdout + stderr).not.toContain(secret);
});

test('--json has no secret either', async () => {
  using home = openHome();
  await home.run('config set secretKey', { input: `${secret}\n` });
  for (const args of ['config list --json', 'config get secretKey --json', 'config get secretKey']) {
    const { code, stdout, stderr } = await home.run(args);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(secret);
  }
  const shown = JSON.parse((await home.run('config get secretKey --json')).stdout);
  expect(shown).toMatchObject({ name: 'secretKey', isSet: true, origin: 'profile "default"' });
});

test('a secret on the command line is refused, and not stored', async () => {
  using home = openHome();
  const { code, stdout, stderr } = await home.run(`config set secretKey ${secret}`);
  expect(code).toBe(2);
  expect(stderr).toContain('hint: run `bai config set secretKey` and type it, or pipe it');
  expect(stdout + stderr).not.toContain(secret);
  expect(existsSync(home.file)).toBe(false);
});

test.each([`${secret}\n`, `${secret}\r\n`, secret])('a secret is read from a pipe (%j)', async (input) => {
  using home = openHome();
  const { code, stdout, stderr } = await home.run('config set secretKey', { input });
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(secret);
  expect(JSON.parse(readFileSync(home.file, 'utf8')).profiles.default).toEqual({ secretKey: secret });
});

test('an empty secret is a usage error', async () => {
  using home = openHome();
  expect(await home.run('config set secretKey', { input: '' })).toMatchObject({ code: 2 });
});

test('on a terminal a secret is typed unseen', async () => {
  using home = openHome();
  const env = cleanEnvironment({ home: home.path });
  const terminal = spawn(process.execPath, [launcher, 'config', 'set', 'secretKey'], {
    cols: 80,
    rows: 20,
    env,
  });
  let screen = '';
  terminal.onData((text) => {
    screen += text;
    if (text.includes('secretKey: ')) terminal.write(`${secret}\r`);
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  expect(exitCode).toBe(0);
  expect(screen).not.toContain(secret);
  expect(readFileSync(home.file, 'utf8')).toContain(secret);
});

test('Ctrl-C at the prompt ends with 130 and stores nothing', async () => {
  using home = openHome();
  const env = cleanEnvironment({ home: home.path });
  const terminal = spawn(process.execPath, [launcher, 'config', 'set', 'secretKey'], {
    cols: 80,
    rows: 20,
    env,
  });
  terminal.onData((text) => {
    if (text.includes('secretKey: ')) terminal.write('half\u0003');
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  expect(exitCode).toBe(130);
  expect(existsSync(home.file)).toBe(false);
});

test('the file is 0600 under any umask, and its folder is not writable for others', async () => {
  using home = openHome();
  const before = process.umask(0);
  try {
    await home.run('config set accessKey AKIATEST');
  } finally {
    process.umask(before);
  }
  expect(modeOf(home.file)).toBe(0o600);
  expect(modeOf(dirname(home.file)) & 0o022).toBe(0);
});

test('setting a value makes an open file private again', async () => {
  using home = openHome();
  await home.run('config set domain lab');
  chmodSync(home.file, 0o666);
  await home.run('config set domain other');
  expect(modeOf(home.file)).toBe(0o600);
});

test('a file with a secret that others can read is warned about', async () => {
  using home = openHome();
  await home.run('config set secretKey', { input: secret });
  chmodSync(home.file, 0o644);
  const { code, stderr } = await home.run('config list');
  expect(code).toBe(0);
  expect(stderr).toContain(`warning: others on this machine can read ${home.file}`);
  expect(stderr).toContain('chmod 600');
});

test.each(['{"profiles": {', '[]', '{"profiles": {"default": {"domain": 7}}}', '{"profiles": []}'])(
  'a broken file (%s) is named, and left as it is',
  async (content) => {
    using home = openHome();
    mkdirSync(dirname(home.file), { recursive: true });
    writeFileSync(home.file, content);
    for (const args of ['config list', 'config set domain lab', 'session list']) {
      const { code, stderr } = await home.run(args);
      expect(code).toBe(1);
      expect(stderr).toContain(`the settings in ${home.file} cannot be read`);
      expect(stderr).toContain('hint:');
    }
    expect(readFileSync(home.file, 'utf8')).toBe(content);
  },
);

test('keys of a newer bai are left in the file', async () => {
  using home = openHome();
  mkdirSync(dirname(home.file), { recursive: true });
  writeFileSync(home.file, '{"later": true, "profiles": {"default": {"tomorrow": "x"}}}');
  await home.run('config set domain lab');
  expect(JSON.parse(readFileSync(home.file, 'utf8'))).toEqual({
    later: true,
    profiles: { default: { tomorrow: 'x', domain: 'lab' } },
  });
});

test('unset removes one value, and says when there was none', async () => {
  using home = openHome();
  await home.run('config set domain lab');
  expect(await home.run('config unset domain')).toMatchObject({ code: 0 });
  expect((await home.run('config get domain')).stdout).toBe('default\n');
  expect(await home.run('config unset domain')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('was not set'),
  });
});

test('a setting without a value ends with 4 and says how to set it', async () => {
  using home = openHome();
  const { code, stdout, stderr } = await home.run('config get endpoint');
  expect([code, stdout]).toEqual([4, '']);
  expect(stderr).toContain('bai config set endpoint');
});

test.each([
  ['config set endpont https://x', 'did you mean endpoint'],
  ['config get nothing-like-it', 'settings: provider, endpoint'],
  ['config set sshPort 22', 'sshPort must be'],
  ['config set endpoint api.example.com', 'https://api.example.com'],
  ['config set domain', 'needs a value'],
])('%s: exit 2 and a way on', async (args, words) => {
  using home = openHome();
  const { code, stderr } = await home.run(args);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
  expect(stderr).toContain('hint:');
  expect(existsSync(home.file)).toBe(false);
});
