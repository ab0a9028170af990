/** `--template` and `-q`, and answers in JSON of commands that go on: what they print is held against the schemas too. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilPrinted } from '../support/bai.ts';
import { checkJsonAnswer } from '../support/json-answers.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

let bed: EmulatorBed;
let id: string;
let ended: string;

beforeAll(async () => {
  bed = await openEmulator({ release: '26.9.6' });
  id = await bed.create('demo');
  ended = await bed.create('ended');
  await bed.bai(['session', 'terminate', '--yes', 'ended']);
});
afterAll(() => bed[Symbol.asyncDispose]());

const answer = async (...words: readonly string[]) => {
  const { stdout, stderr, code } = await bed.bai(words);
  return { stdout, stderr, code };
};

test('-q behind a list prints ids alone, also beside other letters and by other names of the list', async () => {
  const only = { stdout: `${id}\n`, stderr: '', code: 0 };
  expect(await answer('session', 'list', '-q')).toEqual(only);
  expect(await answer('session', 'ps', '--ids')).toEqual(only);
  const { stdout } = await answer('session', 'ls', '-aq');
  expect(stdout.trim().split('\n').toSorted()).toEqual([id, ended].toSorted());
});

test('--quiet, and -q before the command, are what they are everywhere: the table without conversation', async () => {
  for (const words of [
    ['session', 'list', '--quiet'],
    ['-q', 'session', 'list'],
  ])
    expect((await answer(...words)).stdout).toMatch(/^demo\tRUNNING\t/);
});

test('--ids with what prints something else is a wrong command line', async () => {
  for (const more of [['--json'], ['--watch'], ['--columns', 'name'], ['--template', '{{id}}']]) {
    const { code, stderr } = await answer('session', 'list', '-q', ...more);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--ids')]);
  }
});

test('a wrong command line with --json=events is told as JSON', async () => {
  for (const wrong of ['--nosuch', '--template={{name}}']) {
    const { code, stdout, stderr } = await answer('session', 'list', '--json=events', wrong);
    expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([2, '', 'usage']);
  }
});

test('--template prints a line for each entry of a list, and one for an object', async () => {
  expect(await answer('session', 'list', '--template', '{{name}}\\t{{status}} {{resources.cpu}}')).toEqual({
    stdout: 'demo\tRUNNING 1\n',
    stderr: '',
    code: 0,
  });
  const apps = '{{name}}:{{#services}} {{name}}/{{protocol}}{{/services}}';
  expect((await answer('session', 'info', 'demo', '--template', apps)).stdout).toBe(
    'demo: sshd/tcp ttyd/http jupyter/http jupyterlab/http\n',
  );
});

test('a field that no answer of the command has is refused before anything is asked', async () => {
  const before = bed.emulator.requests.length;
  const { code, stdout, stderr } = await answer(
    'session',
    'rename',
    'demo',
    'other',
    '--template',
    '{{nmae}}',
  );
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe(
    'error: --template: `bai session rename` has no field nmae\nhint: fields: id, name, status, node\n',
  );
  expect(bed.emulator.requests.length).toBe(before);
});

test('what a session says reaches the terminal of a template as text that is seen', async () => {
  const { stdout } = await answer(
    ...[
      'exec',
      '--template',
      '{{#nodes}}{{node}} {{stdout}}{{/nodes}}',
      'demo',
      '--',
      `printf '\\033[31m\\nb'`,
    ],
  );
  expect(stdout).toBe('main1 \\x1b[31m\\nb\n');
});

test.each([
  ['app', 'forward', 'demo'],
  ['forward', 'demo', '5000', 'jupyter'],
  ['ssh', 'demo', '--no-client', '--for', 'putty'],
])('bai %s %s … prints an answer of its form, and goes on', async (...words) => {
  const child = bed.start(['--json', ...words]);
  const [stdout] = await untilPrinted(child, 'stdout', /^\{[\s\S]*^\}\n/m);
  child.kill('SIGINT');
  await once(child, 'close');
  checkJsonAnswer(words, { stdout, stderr: '' });
});

test('bai session list --watch prints changes of their form', async () => {
  const child = bed.start(['--json', 'session', 'list', '--watch']);
  const [stdout] = await untilPrinted(child, 'stdout', /^.*\n/);
  child.kill('SIGINT');
  await once(child, 'close');
  expect(JSON.parse(stdout)).toMatchObject({ event: 'added', session: { name: 'demo' } });
  checkJsonAnswer(['session', 'list', '--watch'], { stdout, stderr: '' });
});

test.each(['exit-codes', 'error-codes', 'settings', 'environment', 'json'])(
  'bai help %s has an answer of its form',
  async (topic) => {
    expect((await bed.bai(['help', topic, '--json'])).code).toBe(0);
  },
);

test('bai alone, schema and version have answers of their form', async () => {
  for (const words of [[], ['schema'], ['schema', 'session', 'list'], ['version'], ['whoami']]) {
    const { code, stdout } = await bed.bai([...words, '--json']);
    expect([code, stdout === '']).toEqual([0, false]);
  }
});
