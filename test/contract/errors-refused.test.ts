/** What the manager refuses, each with its message, its next step and its exit status. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { keypairEnvironment, managerKinds, type TestManager } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openBed, type TestBed } from './emulator-client.ts';

type Account = Pick<TestManager, 'endpoint' | 'accessKey' | 'secretKey'> & Partial<Pick<TestManager, 'env'>>;

/** With the account's own environment; what has none is a keypair. */
function run(home: string, account: Account, args: string, env = {}): Promise<BaiResult> {
  return bai(args.split(' '), { home, env: { ...(account.env ?? keypairEnvironment(account)), ...env } });
}

const problem = (slug: string, more: object = {}) => ({
  type: `https://api.backend.ai/probs/${slug}`,
  title: 'The title.',
  ...more,
});

const refusals = [
  [401, problem('auth-failed', { msg: 'Signature mismatch' }), 3, 'auth-failed', 'Signature mismatch'],
  [403, problem('generic-forbidden'), 3, 'forbidden', 'The title.'],
  [404, problem('url-not-found'), 4, 'not-found', 'The title.'],
  [405, problem('method-not-allowed'), 1, 'not-supported', 'The title.'],
  [409, problem('active-login-session-exists'), 6, 'conflict', 'The title.'],
  [412, problem('quota-exceeded', { msg: 'cpu: 8 of 4' }), 6, 'quota-exceeded', 'cpu: 8 of 4'],
  [400, problem('quota-exceeded'), 6, 'quota-exceeded', 'The title.'],
  [400, problem('invalid-api-params', { data: { type: 'is odd' } }), 1, 'refused', 'type: is odd'],
  [429, problem('rate-limit-exceeded'), 5, 'rate-limited', 'The title.'],
  [
    500,
    problem('kernel-execution-failed', {
      'agent-details': { type: 'x', title: 'y', exception: "OSError('no space')" },
    }),
    1,
    'server-error',
    'no space',
  ],
  [500, '<h1>Internal Server Error</h1>', 1, 'server-error', 'the manager or a proxy before it answered 500'],
  [
    502,
    '<html><h1>Bad Gateway</h1></html>',
    5,
    'unavailable',
    'the manager or a proxy before it answered 502',
  ],
  [503, problem('server-frozen'), 5, 'unavailable', 'The title.'],
] as const;

async function refused(bed: TestBed, args: string, status: number, body: unknown) {
  const route = args.startsWith('session create') ? 'POST /session' : 'POST /admin/gql';
  bed.emulator.faults.add({ kind: 'answer', route, status, body });
  const human = await run(bed.folder, bed.emulator, args);
  const json = await run(bed.folder, bed.emulator, `${args} --json`);
  return { human, json, error: JSON.parse(json.stderr).error };
}

test.each(refusals)('%d %j: exit %d, code %s', async (status, body, exitCode, code, words) => {
  await using bed = await openBed();
  const { human, json, error } = await refused(bed, 'session create python --name demo', status, body);
  // A 404 of a creation is looked into, so its words may be those about the image.
  if (status !== 404) expect(human.stderr).toContain(words);
  expect([human.code, human.stdout, json.code, json.stdout]).toEqual([exitCode, '', exitCode, '']);
  expect(error).toMatchObject({ code: expect.any(String), exitCode, hint: expect.any(String) });
  if (status !== 404) expect(error).toMatchObject({ code, status });
  expect(json.stderr.split('\n')).toHaveLength(2);
  expect(human.stderr).toMatch(
    /^error: cannot create the session: .*\nhint: .+\n$|^error: there is no image/s,
  );
});

test.each(refusals)('the same for a list: %d %j, exit %d', async (status, body, exitCode, code, words) => {
  await using bed = await openBed();
  const { human, error } = await refused(bed, 'session list', status, body);
  expect(human.code).toBe(exitCode);
  expect(human.stderr).toContain(words);
  expect(error).toMatchObject({ code, exitCode, status });
});

test.each([
  [20, 'ahead of'],
  [-20, 'behind'],
])('a clock that is %d minutes off is told: 3', async (minutes, words) => {
  await using bed = await openBed();
  const shift = join(bed.folder, 'shift.mjs');
  writeFileSync(
    shift,
    `const Real = Date; const off = ${minutes} * 60000;
globalThis.Date = class extends Real {
  constructor(...parts) { if (parts.length) super(...parts); else super(Real.now() + off); }
  static now() { return Real.now() + off; }
};`,
  );
  const env = { NODE_OPTIONS: `--import=${shift}` };
  const { code, stderr } = await run(bed.folder, bed.emulator, 'session list', env);
  expect(code).toBe(3);
  expect(stderr).toMatch(new RegExp(`clock is (19|20|21) minutes ${words} the manager's`));
  expect(stderr).toContain('hint: set the clock');
});

for (const kind of managerKinds()) {
  const forKeypairs = test.skipIf(kind.signIn === 'console');
  forKeypairs(`${kind.name}: a wrong key is told from a wrong signature, and both end with 3`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const { endpoint, accessKey, secretKey } = manager;
    const wrongSecret = { endpoint, accessKey, secretKey: 'wrong-secret-key-wrong-secret-key-000001' };
    const wrongKey = { endpoint, secretKey, accessKey: 'AKIANOBODYHASTHISKEY' };
    for (const account of [wrongSecret, wrongKey]) {
      for (const args of [
        'session list',
        'session create python',
        'session info demo',
        'session terminate demo',
      ]) {
        const { code, stdout, stderr } = await run(home.path, account, args);
        expect({ args, code, stdout }).toEqual({ args, code: 3, stdout: '' });
        expect(stderr).toContain('hint: check accessKey and secretKey');
        expect(stderr).not.toContain(account.secretKey);
      }
    }
  });

  forKeypairs(`${kind.name}: without a key: 3, and how to set one`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const env = { BACKEND_ENDPOINT: manager.endpoint };
    expect(await bai(['session', 'list', '--json'], { home: home.path, env })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('"code":"not-signed-in"'),
    });
  });

  test(`${kind.name}: an unknown session, by name or id, is 4 everywhere`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    for (const reference of ['no-such-session-here', '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77']) {
      for (const command of [
        'session info',
        'session logs',
        'session wait',
        'session terminate',
        'app list',
      ]) {
        const { code, stdout, stderr } = await run(home.path, manager, `${command} ${reference}`);
        expect({ command, reference, code, stdout }).toEqual({ command, reference, code: 4, stdout: '' });
        expect(stderr).toMatch(/^error: no session named .*\nhint: .+\n$/);
      }
      expect(await run(home.path, manager, `session rename ${reference} other`)).toMatchObject({ code: 4 });
    }
  });

  test(`${kind.name}: an unknown image is 4, and there is a way on`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const { code, stderr } = await run(
      home.path,
      manager,
      'session create no/such-image:9 -r cpu=1 -r mem=256m',
    );
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: .*no\/such-image:9.*\nhint: .+\n$/);
  });

  test(`${kind.name}: a project that is not there is refused with the manager's words`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const args = `session create ${manager.image} --project no-such-project -r cpu=1 -r mem=256m`;
    const { code, stderr } = await run(home.path, manager, args);
    expect([1, 3, 4]).toContain(code);
    expect(stderr).toMatch(/^(image: .*\n)?error: cannot create the session: .+\nhint: .+\n$/s);
  });

  test(`${kind.name}: a resource that is not there is refused with the manager's words`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const args = `session create ${manager.image} -r cpu=1 -r mem=256m -r warp.core=1 --timeout 5`;
    const { code, stdout, stderr } = await run(home.path, manager, args);
    expect([code === 0, code === 70, stdout]).toEqual([false, false, '']);
    expect(stderr).toContain('error: ');
    expect(stderr).toContain('hint: ');
  });
}

test('a session in ERROR that an old manager does not end: the hint is --force', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await bed.session('demo');
  await bed.emulator.sessions.get('demo').force('ERROR', 'failed');
  const { code, stderr } = await run(bed.folder, bed.emulator, 'session terminate demo');
  expect(code).toBe(3);
  expect(stderr).toContain('--force ');
  expect(await run(bed.folder, bed.emulator, 'session terminate demo --forced')).toMatchObject({ code: 0 });
});

test('renaming a session that does not run tells why', async () => {
  await using bed = await openBed();
  bed.emulator.sessions.holdAt('PENDING');
  await bed.session('demo', { enqueueOnly: true });
  const { code, stderr } = await run(bed.folder, bed.emulator, 'session rename demo other');
  expect(code).toBe(1);
  expect(stderr).toContain('not running session');
});

test('a secret key in the place of the endpoint is not printed', async () => {
  await using bed = await openBed();
  const { endpoint, secretKey } = bed.emulator;
  const swapped = { BACKEND_ENDPOINT: secretKey, BACKEND_SECRET_KEY: endpoint };
  for (const args of ['session list', 'session list --json', 'config list']) {
    const { code, stdout, stderr } = await run(bed.folder, bed.emulator, args, swapped);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain(secretKey);
    expect(stderr).toContain('BACKEND_ENDPOINT');
  }
});
