/** Everything that goes through a web console: signing in with a password, and what a command does with that login. */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BaiResult, bai, startBai, untilPrinted } from '../support/bai.ts';
import { type OpenedConsole, openConsole, totpSecret } from '../support/consoles.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

let place: OpenedConsole;
let home: TempFolder;
beforeAll(async () => {
  place = await openConsole();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  home = tempFolder();
  return () => home[Symbol.dispose]();
});

const run = (args: readonly string[], input = '', env = {}): Promise<BaiResult> =>
  bai(args, { home: home.path, input, env });
const configFile = (): string => join(home.path, '.config', 'bai', 'config.json');
const stored = () => JSON.parse(readFileSync(configFile(), 'utf8')).profiles.default;

const signIn = (more: readonly string[] = [], password = place.password): Promise<BaiResult> =>
  run(['login', place.endpoint, '--email', place.email, '--password-stdin', ...more], `${password}\n`);

test('a password is all that is needed, from the login to a file in a session and the logout', async () => {
  const signed = await signIn(['--json']);
  expect({ code: signed.code, stderr: signed.stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(signed.stdout)).toMatchObject({
    ...{ endpoint: place.endpoint, email: place.email, secretsIn: 'file' },
    endsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  expect(statSync(configFile()).mode & 0o777).toBe(0o600);
  const { loginId } = stored();
  expect(signed.stdout).not.toContain(loginId);
  expect(readFileSync(configFile(), 'utf8')).not.toContain(place.password);

  expect((await run(['session', 'create', 'python', '--name', 'demo'])).code).toBe(0);
  expect((await run(['session', 'list', '--name-only'])).stdout).toBe('demo\n');
  const uname = await run(['ssh', 'demo', '--', 'echo', 'through the console']);
  expect({ code: uname.code, stdout: uname.stdout }).toEqual({ code: 0, stdout: 'through the console\n' });
  expect((await run(['sftp', 'put', '-', 'demo:hello.txt'], 'hello')).code).toBe(0);
  expect((await run(['sftp', 'get', 'demo:hello.txt', '-'])).stdout).toBe('hello');

  const who = await run(['whoami', '--json']);
  expect(JSON.parse(who.stdout)).toMatchObject({ email: place.email, origin: 'profile "default"' });
  const shown = await run(['config', 'list']);
  expect(shown.stdout).not.toContain(loginId);

  expect((await run(['logout'])).code).toBe(0);
  expect(place.console.logins(place.email)).not.toContain(loginId);
  expect(stored()).toMatchObject({ endpoint: place.endpoint, email: place.email });
  expect(stored()).not.toHaveProperty('loginId');
  const after = await run(['session', 'list']);
  expect(after.code).toBe(3);
  expect(after.stderr).toContain('bai login');
});

test('a login that has ended is said, with the way back, and nothing is asked off a terminal', async () => {
  await signIn();
  place.console.endLogins(place.email);
  const { code, stderr } = await run(['session', 'list', '--json']);
  expect(code).toBe(3);
  expect(JSON.parse(stderr).error).toMatchObject({
    code: 'login-over',
    hint: expect.stringContaining('bai login'),
  });
  const ssh = await run(['ssh', 'demo', '--', 'true']);
  expect(ssh.code).toBe(3);
});

test.each([
  ['a wrong password', {}, 'not-the-password', [], 'auth-failed', 3],
  [
    'an account that is not verified',
    { status: 'before-verification' },
    undefined,
    [],
    'email-unverified',
    3,
  ],
  ['an inactive account', { status: 'inactive' }, undefined, [], 'auth-failed', 3],
  ['an expired password', { passwordExpiredAt: 1 }, undefined, [], 'password-expired', 3],
  ['a code that is needed', { totpSecret }, undefined, [], 'code-needed', 3],
  ['a wrong code', { totpSecret }, undefined, ['--otp', '000000'], 'code-wrong', 3],
  ['too many logins', { maxLogins: 1 }, undefined, [], 'too-many-logins', 6],
] as const)('%s is told apart, and stores nothing', async (_what, sign, password, flags, code, exitCode) => {
  await using own = await openConsole({ signIn: sign });
  if (code === 'too-many-logins') await own.env();
  const args = ['login', own.endpoint, '--email', own.email, '--password-stdin', '--json', ...flags];
  const result = await run(args, password ?? own.password);
  expect(result).toMatchObject({ code: exitCode, stdout: '' });
  const { error } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '');
  expect(error).toMatchObject({ code, exitCode });
  expect(result.stderr).not.toContain(password ?? own.password);
  expect(() => readFileSync(configFile())).toThrow('ENOENT');
});

test('an e-mail that is blocked is told, with the right password too', async () => {
  await using own = await openConsole({ console: { allowedFailures: 1 } });
  const args = ['login', own.endpoint, '--email', own.email, '--password-stdin', '--json'];
  expect((await run(args, 'wrong')).code).toBe(3);
  const blocked = await run(args, own.password);
  expect(blocked.code).toBe(3);
  expect(JSON.parse(blocked.stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({
    code: 'login-blocked',
  });
});

test('a limit of calls is told with the time when it ends', async () => {
  await using own = await openConsole({ console: { rateLimit: 1 } });
  const env = await own.env();
  await run(['session', 'list'], '', env);
  const { code, stderr } = await run(['session', 'list', '--json'], '', env);
  expect(code).toBe(5);
  expect(JSON.parse(stderr).error).toMatchObject({
    ...{ code: 'rate-limited', hint: expect.stringContaining('minutes') },
    retryAfterSeconds: expect.any(Number),
  });
});

test('a code signs in, and --force ends the oldest login', async () => {
  await using own = await openConsole({ signIn: { totpSecret } });
  const args = ['login', own.endpoint, '--email', own.email, '--password-stdin'];
  const withCode = await run([...args, '--otp', (await own.otp?.()) ?? ''], own.password);
  expect(withCode.code).toBe(0);
  await using few = await openConsole({ signIn: { maxLogins: 1 } });
  const [oldest] = [await few.env()];
  const forced = await run(
    ['login', few.endpoint, '--email', few.email, '--password-stdin', '--force'],
    few.password,
  );
  expect(forced.code).toBe(0);
  expect(few.console.logins(few.email)).not.toContain(oldest['BAI_LOGIN_ID']);
});

test('calls do not prolong a login: one that is half over is prolonged beside them, and the profile knows', async () => {
  await using own = await openConsole({ console: { loginLifeMs: 3_600_000 } });
  const args = ['login', own.endpoint, '--email', own.email, '--password-stdin'];
  expect((await run(args, own.password)).code).toBe(0);
  const [since = '', untilTime = ''] = stored().loginTime.split('/');
  const lifeMs = Date.parse(untilTime) - Date.parse(since);
  // From when it was asked for to when it ends, by the clock over there.
  expect(Math.round(lifeMs / 60_000)).toBe(60);
  await run(['session', 'list']);
  expect(own.console.requests.some(({ target }) => target.includes('extend'))).toBe(false);
  const past = (text: string): string => new Date(Date.parse(text) - 1_900_000).toISOString();
  await run(['config', 'set', 'loginTime', `${past(since)}/${past(untilTime)}`]);
  await run(['session', 'list']);
  await until(() => own.console.requests.some(({ target }) => target.includes('extend')), 'it is prolonged');
  expect(Date.parse(stored().loginTime.split('/')[1])).toBeGreaterThan(Date.parse(untilTime) - 5_000);
});

test('the four refusals that stand behind a 502 are told apart', async () => {
  const env = await place.env();
  await run(['session', 'create', 'python', '--name', 'four'], '', env);
  const gone = await run(['app', 'forward', 'nobody', 'sshd', '--json'], '', env);
  expect(JSON.parse(gone.stderr).error).toMatchObject({ code: 'session-not-found', exitCode: 4 });
  const noApp = await run(['app', 'forward', 'four', 'nosuch', '--json'], '', env);
  expect(JSON.parse(noApp.stderr).error).toMatchObject({ code: 'app-not-found', exitCode: 4 });
});

test('a login over another one ends it, and one that is refused after all does not go on counting', async () => {
  await signIn();
  const { loginId: first } = stored();
  await signIn();
  expect(place.console.logins(place.email)).not.toContain(first);
  const before = place.console.logins(place.email);
  place.emulator.faults.add({ kind: 'answer', route: 'POST /func/admin/gql', status: 403 });
  expect((await signIn()).code).not.toBe(0);
  place.emulator.faults.clear();
  expect(place.console.logins(place.email)).toEqual(before);
});

test('another server gets nothing that was made for this one', async () => {
  await signIn();
  await run(['config', 'set', 'secretCommand', 'printf secret-of-the-first']);
  const elsewhere = await run(['--endpoint', 'http://127.0.0.1:9', 'logout']);
  expect(elsewhere.code).toBe(2);
  expect(stored()).toHaveProperty('loginId');
  const moved = await run(['config', 'set', 'endpoint', 'http://127.0.0.1:9']);
  expect(moved.stderr).toContain('loginId, loginTime, secretCommand were for the server before');
  expect(stored()).not.toHaveProperty('loginId');
  expect(stored()).not.toHaveProperty('secretCommand');

  await run(['config', 'set', 'secretCommand', 'printf secret-of-the-second']);
  await signIn();
  expect(stored()).not.toHaveProperty('secretCommand');
});

test('a console that refuses each tunnel is not signed in to again and again', async () => {
  await using own = await openConsole();
  const args = ['login', own.endpoint, '--email', own.email, '--password-stdin'];
  expect((await run(args, own.password)).code).toBe(0);
  await run(['config', 'unset', 'loginId']);
  await run(['config', 'set', 'secretCommand', `printf ${own.password}`]);
  expect((await run(['session', 'create', 'python', '--name', 'demo'])).code).toBe(0);
  const route = 'GET /func/stream/session/*/tcpproxy';
  own.emulator.faults.add({ kind: 'answer', route, status: 401 });
  const before = own.console.logins(own.email).length;
  const { code, stderr } = await run(['exec', 'demo', '--', 'true', '--json']);
  expect(code).toBe(3);
  expect(stderr).toContain('not signed in');
  expect(own.console.logins(own.email).length - before).toBe(1);
});

test('a tunnel that ends after a logout does not leave its login behind', async () => {
  await signIn();
  const { loginId } = stored();
  await run(['session', 'create', 'python', '--name', 'left']);
  const child = startBai(['ssh', 'left', '--', 'echo here; read line'], { home: home.path });
  await untilPrinted(child, 'stdout', /here/);
  // So that the logout does not end it, as one that another machine started.
  rmSync(join(home.path, '.local', 'share', 'bai', 'logins'), { recursive: true });
  expect((await run(['logout'])).code).toBe(0);
  child.stdin.end('done\n');
  await new Promise((resolve) => child.once('close', resolve));
  expect(place.console.logins(place.email)).not.toContain(loginId);
});

test('a logout first ends what goes by the login in other processes, and says what that was', async () => {
  await signIn();
  const { loginId } = stored();
  await run(['session', 'create', 'python', '--name', 'held']);
  const forward = startBai(['app', 'forward', 'held', '--json'], { home: home.path });
  const ssh = startBai(['ssh', 'held', '--', 'echo here; sleep 600'], { home: home.path });
  const ended = [forward, ssh].map((child) => new Promise((resolve) => child.once('close', resolve)));
  const [[port]] = await Promise.all([
    untilPrinted(forward, 'stdout', /(?<="port": ?)\d+/),
    untilPrinted(ssh, 'stdout', /here/),
  ]);
  const { code, stdout, stderr } = await run(['logout']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(
    stderr
      .split('\n')
      .filter((line) => line.startsWith('ended: '))
      .sort(),
  ).toEqual([`ended: forward of held on port ${port}`, 'ended: ssh to held']);
  await Promise.all(ended);
  expect(place.console.logins(place.email)).not.toContain(loginId);
});

test('a profile that is removed does not leave its login behind', async () => {
  await run(
    ['-P', 'lab', 'login', place.endpoint, '--email', place.email, '--password-stdin'],
    place.password,
  );
  const { loginId } = JSON.parse(readFileSync(configFile(), 'utf8')).profiles.lab;
  expect(place.console.logins(place.email)).toContain(loginId);
  const { code, stdout } = await run(['profile', 'remove', 'lab', '--yes', '--json']);
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    { removed: 'lab', current: 'default', loginEnded: true, ended: [], left: [] },
  ]);
  expect(place.console.logins(place.email)).not.toContain(loginId);
});

test("the Python client's login counts where its own variables choose it, and is left as it is", async () => {
  const env = await place.env();
  const folder = join(home.path, '.local', 'state', 'backend.ai');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({
    '|': { AIOHTTP_SESSION: { key: 'AIOHTTP_SESSION', value: env['BAI_LOGIN_ID'] } },
  });
  writeFileSync(join(folder, 'cookie.dat'), text, { mode: 0o600 });
  const python = { BACKEND_ENDPOINT: place.endpoint, BACKEND_ENDPOINT_TYPE: 'session' };
  expect((await run(['session', 'list', '--json'], '', python)).code).toBe(0);
  expect(readFileSync(join(folder, 'cookie.dat'), 'utf8')).toBe(text);
  // It does not say whose it is, so it goes to no endpoint that comes from elsewhere.
  const mixed = { BAI_ENDPOINT: place.endpoint, BACKEND_ENDPOINT_TYPE: 'session' };
  expect((await run(['session', 'list'], '', mixed)).code).toBe(3);
});
