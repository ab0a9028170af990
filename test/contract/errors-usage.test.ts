/** Wrong command lines, and help. */

import { expect, test } from 'vitest';
import { commands, groups } from '../../src/commands/index.ts';
import { bai } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

const account = {
  BACKEND_ENDPOINT: 'http://127.0.0.1:1',
  BACKEND_ACCESS_KEY: 'AKIATEST',
  BACKEND_SECRET_KEY: 'a-secret',
};

async function run(args: readonly string[]) {
  using home = tempFolder();
  return await bai(args, { home: home.path, env: account });
}

test('bai alone says that it reaches nobody, where it is signed in and nobody answers', async () => {
  const { code, stdout, stderr } = await run([]);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toContain('cannot reach the manager');
});

test('bai --help shows all groups', async () => {
  const { stdout } = await run(['--help']);
  for (const group of Object.keys(groups)) expect(stdout).toMatch(new RegExp(`^  ${group} `, 'm'));
});

test.each([['--help'], ['-h']])('bai %s exits 0 on stdout', async (flag) => {
  expect(await run([flag])).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^Usage: bai /),
  });
});

test.each([['--version'], ['-V']])('bai %s prints the version', async (flag) => {
  expect(await run([flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test.each(Object.keys(groups))('bai %s --help lists its commands', async (group) => {
  const { code, stdout } = await run([group, '--help']);
  expect(code).toBe(0);
  const names = commands
    .filter(({ path, hidden }) => path.startsWith(`${group} `) && hidden !== true)
    .map(({ path }) => path.split(' ')[1] ?? '');
  for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
});

const visible = commands.filter(({ hidden }) => hidden !== true);

test.each(visible)('bai $path --help exits 0 and says what it does', async ({ path, summary }) => {
  const { code, stdout, stderr } = await run([...path.split(' '), '--help']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(new RegExp(`^Usage: bai ${path}`));
  expect(stdout.replace(/\s+/g, ' ')).toContain(summary);
});

test.each(visible.flatMap(({ path, aliases }) => (aliases ?? []).map((alias) => [path, alias] as const)))(
  'bai %s is also %s',
  async (path, alias) => {
    const { code, stdout } = await run([path.split(' ')[0] ?? '', alias, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(path);
  },
);

const wrong = [
  'nonsense',
  'sesion list',
  'session',
  'session lst',
  'session list extra',
  'session list --nonsense',
  'session list --status',
  'session create',
  'session create python --type odd',
  'session create python --cluster-size 0',
  'session create python --cluster-size two',
  'session create python --cluster-mode ring',
  'session create python --timeout 0',
  'session create python --timeout soon',
  'session create python --priority -1',
  'session create python -r cpu',
  'session create python -e =x',
  'session create python --preopen 80',
  'session create python --preopen 2200',
  'session create python --preopen 70000',
  'session create python --mount /absolute',
  'session create python --mount .ssh',
  'session create python --name x',
  'session create python --profile a/b',
  'session create python --endpoint nonsense',
  'session info',
  'session logs',
  'session wait',
  'session wait demo --timeout x',
  'session rename demo',
  'session rename demo x',
  'session terminate',
  'config get',
  'config set',
  'config get nonsense',
];

test.each(wrong)('bai %s: exit 2, an error and a hint on stderr', async (line) => {
  const { code, stdout, stderr } = await run(line.split(' '));
  expect([code, stdout]).toEqual([2, '']);
  if (line === 'session') expect(stderr).toMatch(/^Usage: bai session/);
  else expect(stderr).toMatch(/^error: .+\n(.*\n)*hint: .+\n$/);
});

test.each(wrong)('bai %s --json: one line of JSON, code usage', async (line) => {
  const { code, stdout, stderr } = await run([...line.split(' '), '--json']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trimEnd()).not.toContain('\n');
  expect(JSON.parse(stderr).error).toMatchObject({
    exitCode: 2,
    code: expect.any(String),
    message: expect.any(String),
  });
  expect(JSON.parse(stderr).error.hint).toBeTypeOf('string');
});

test('a word that is nearly right is asked about', async () => {
  expect((await run(['sesion', 'list'])).stderr).toContain('session');
  expect((await run(['session', 'lst'])).stderr).toContain('list');
});

test('a bootstrap script that is not there is named', async () => {
  const { code, stderr } = await run([
    'session',
    'create',
    'python',
    '--bootstrap-script',
    '/no/such/script',
  ]);
  expect([1, 2, 4]).toContain(code);
  expect(stderr).toContain('/no/such/script');
  expect(stderr).toContain('hint:');
});
