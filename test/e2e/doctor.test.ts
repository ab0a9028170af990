/** Each stage of `bai doctor`, broken on purpose, is the one that it names; on each platform. */

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findingCodes, stageNames } from '../../src/core/doctor/stages.ts';
import type { Fault } from '../../src/emulator/emulator.ts';
import type { EmulatorFaults } from '../../src/emulator/model/faults.ts';
import { openEmulator } from '../contract/app-bed.ts';
import { mountSmallDisk, smallDiskMissing } from '../faults/small-disk.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openConsole } from '../support/consoles.ts';
import { freePort } from '../support/free-port.ts';
import { type Ran, runHere } from '../support/in-process.ts';
import { makeKey, openRescaleBed, until } from '../support/rescale-bed.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openUcloud, startJob } from '../support/uclouds.ts';

type Environment = Readonly<Record<string, string>>;

/** A platform with a session `demo` that one can get into. */
interface Ground extends AsyncDisposable {
  readonly env: Environment;
  readonly faults: EmulatorFaults;
  /** What is secret in a run there. */
  readonly secrets: readonly string[];
  /** What the session's host key is pinned under. */
  readonly alias: string;
}

interface Broken {
  readonly stage: string;
  readonly what: string;
  readonly code: string;
  readonly exit: number;
  readonly env?: Environment;
  readonly fault?: Fault;
  readonly session?: string;
  /** For what takes more than settings: more of the environment. */
  readonly prepare?: (home: string, ground: Ground) => Promise<Environment>;
}

const wrongDate = 'Tue, 01 Dec 2020 00:00:00 GMT';
const quick = { BAI_ANSWER_TIMEOUT: '1' };
const html = '<html>not the one</html>';

/** What breaks alike on each platform; `endpoint` is the variable that has its address. */
function everywhere(endpoint: string): Broken[] {
  return [
    {
      ...{ stage: 'folders', what: 'a file in the place of a folder', code: 'local-system', exit: 1 },
      async prepare(home) {
        writeFileSync(join(home, 'taken'), '');
        return { BAI_SSH_DIR: join(home, 'taken') };
      },
    },
    {
      ...{ stage: 'dns', what: 'a name that nobody has', code: 'unreachable', exit: 5 },
      env: { [endpoint]: 'https://nosuch.invalid' },
    },
    {
      ...{ stage: 'proxy', what: 'a proxy that is not there', code: 'proxy-unreachable', exit: 5 },
      prepare: async () => ({ HTTP_PROXY: `http://127.0.0.1:${await freePort()}` }),
    },
    {
      ...{ stage: 'connect', what: 'a port where nothing listens', code: 'unreachable', exit: 5 },
      prepare: async () => ({ [endpoint]: `http://127.0.0.1:${await freePort()}` }),
    },
    {
      ...{ stage: 'session', what: 'a name that nobody has', code: 'session-not-found', exit: 4 },
      session: 'nosuch',
    },
    {
      ...{ stage: 'key', what: 'a key that is not there', code: 'not-found', exit: 4 },
      env: { BAI_IDENTITY: '/nosuch/key' },
    },
    {
      ...{ stage: 'login', what: 'a key of somebody else', code: 'key-refused', exit: 3 },
      async prepare(home) {
        mkdirSync(join(home, 'other'));
        return { BAI_IDENTITY: makeKey(join(home, 'other'), 'ecdsa', '256').path };
      },
    },
    {
      ...{ stage: 'host-key', what: 'another key than the pinned one', code: 'host-key-changed', exit: 6 },
      async prepare(home, { alias }) {
        const { line } = makeKey(home, 'ecdsa', '256');
        const [type, blob] = line.split(' ');
        mkdirSync(join(home, 'bai'), { recursive: true, mode: 0o700 });
        writeFileSync(join(home, 'bai', 'known_hosts'), `${alias} ${type} ${blob}\n`, { mode: 0o600 });
        return {};
      },
    },
    {
      ...{ stage: 'sftp', what: 'a file server that does not start', code: 'no-answer', exit: 5, env: quick },
      fault: { kind: 'ssh-silent', at: 'subsystem' },
    },
    {
      ...{
        stage: 'greeting',
        what: 'a server that says nothing',
        code: 'sshd-not-greeting',
        exit: 5,
        env: quick,
      },
      fault: { kind: 'sshd-silent' },
    },
  ];
}

const platforms: Readonly<
  Record<string, { open(this: void): Promise<Ground>; readonly broken: readonly Broken[] }>
> = {
  'Backend.AI': {
    open: openBackendAi,
    broken: [
      ...everywhere('BACKEND_ENDPOINT'),
      {
        ...{ stage: 'settings', what: 'no endpoint', code: 'no-endpoint', exit: 2 },
        env: { BACKEND_ENDPOINT: '' },
      },
      {
        ...{ stage: 'clock', what: 'a clock that is years off', code: 'clock-skew', exit: 3 },
        fault: answer('GET /', { version: 'v9.20250722', manager: '26.9.6' }, 200, { Date: wrongDate }),
      },
      {
        ...{ stage: 'release', what: 'no manager', code: 'not-a-manager', exit: 1 },
        fault: answer('GET /', html),
      },
      {
        ...{ stage: 'sign-in', what: 'a wrong secret', code: 'auth-failed', exit: 3 },
        env: { BACKEND_SECRET_KEY: 'wrong-secret-key-of-a-test' },
      },
      {
        ...{ stage: 'apps', what: 'no sshd', code: 'app-not-found', exit: 4 },
        fault: answer('GET *apps', []),
      },
      {
        ...{
          stage: 'upgrade',
          what: 'a proxy that lets no WebSocket through',
          code: 'upgrade-failed',
          exit: 5,
        },
        fault: answer('GET *tcpproxy*', html, 403),
      },
      {
        ...{ stage: 'key', what: 'no private key', code: 'not-a-key', exit: 1 },
        fault: { kind: 'download', content: 'no key' },
      },
      {
        ...{
          stage: 'greeting',
          what: 'something else that listens',
          code: 'sshd-not-greeting',
          exit: 5,
          env: quick,
        },
        fault: { kind: 'sshd-text', text: 'HTTP/1.1 400 Bad Request\r\n\r\n', thenClose: true },
      },
    ],
  },
  UCloud: {
    open: openUcloudGround,
    broken: [
      ...everywhere('BAI_ENDPOINT'),
      { ...{ stage: 'settings', what: 'no token', code: 'not-signed-in', exit: 3 }, env: { BAI_TOKEN: '' } },
      {
        ...{ stage: 'sign-in', what: 'a token that nobody has', code: 'auth-failed', exit: 3 },
        env: { BAI_TOKEN: 'uc1f-wrong-token-of-a-test' },
      },
    ],
  },
  Rescale: {
    open: openRescaleGround,
    broken: [
      ...everywhere('BAI_ENDPOINT'),
      { ...{ stage: 'settings', what: 'no key', code: 'not-signed-in', exit: 3 }, env: { BAI_TOKEN: '' } },
      {
        ...{ stage: 'sign-in', what: 'a wrong key', code: 'auth-failed', exit: 3 },
        env: { BAI_TOKEN: 'wrong' },
      },
      {
        ...{
          stage: 'dial',
          what: 'a machine where nothing listens',
          code: 'app-not-listening',
          exit: 5,
          env: quick,
        },
        async prepare(_home, { faults }) {
          const results = [
            { role: 'CUSTOM', username: 'u', publicIp: '127.0.0.1', sshPort: await freePort() },
          ];
          faults.add(answer('GET *instances/', { next: null, results }));
          return {};
        },
      },
      {
        ...{ stage: 'address', what: 'no head node', code: 'no-head-node', exit: 1 },
        fault: answer('GET *instances/', {
          next: null,
          results: [1, 2].map(() => ({ role: 'CUSTOM', username: 'u', publicIp: '127.0.0.1', sshPort: 22 })),
        }),
      },
    ],
  },
};

function answer(route: string, body: unknown, status = 200, headers: Record<string, string> = {}): Fault {
  return { kind: 'answer', route, status, body, headers };
}

/** Of all tests: what a command has remembered may come to the disk a moment after it has ended. */
const folder = tempFolder();
const certificate = makeCertificate(folder.path);
afterAll(() => folder[Symbol.dispose]());

function newHome(): string {
  return mkdtempSync(join(folder.path, 'home-'));
}

describe.each(Object.entries(platforms))('%s', (_name, { open, broken }) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  });
  afterAll(() => ground[Symbol.asyncDispose]());

  test('a way that is whole has no stage that failed, and an end of 0', async () => {
    const home = newHome();
    const { code, stdout, stderr } = await doctor(home, ground);
    expect([code, stderr]).toEqual([0, '']);
    expect(statesOf(stdout).filter(([, state]) => state !== 'ok')).toEqual([]);
  });

  test.each(broken)('$stage: $what', async ({ stage, code, exit, env, fault, session, prepare }) => {
    const home = newHome();
    const more = await prepare?.(home, ground);
    if (fault !== undefined) ground.faults.add(fault);
    try {
      const ran = await doctor(home, ground, { ...env, ...more }, session);
      const report = JSON.parse(ran.stdout);
      const failed = stageOf(ran.stdout, stage);
      expect([report.failed, failed.error?.['code'], ran.code]).toEqual([stage, code, exit]);
      expect(failed.error?.['message']).toBeTruthy();
      expect(failed.error?.['hint']).toBeTruthy();
      expect(statesOf(ran.stdout).filter(([name, state]) => name !== stage && state === 'failed')).toEqual(
        [],
      );
    } finally {
      ground.faults.clear();
    }
  });

  test('TLS: a certificate that nobody vouches for', async () => {
    const home = newHome();
    await using server = await secureServer();
    const address = { BACKEND_ENDPOINT: server.address, BAI_ENDPOINT: server.address };
    const env = ground.env['BACKEND_ENDPOINT'] === undefined ? { BAI_ENDPOINT: server.address } : address;
    const ran = await doctor(home, ground, env);
    expect([JSON.parse(ran.stdout).failed, ran.code]).toEqual(['tls', 5]);
    const open = await doctor(home, ground, { ...env, BAI_SKIP_TLS_VERIFY: 'yes' });
    expect(stageOf(open.stdout, 'tls')).toMatchObject({
      ...{ state: 'warning', seen: expect.stringContaining('issued by localhost') },
      warnings: expect.arrayContaining([expect.objectContaining({ code: 'tls-not-checked' })]),
    });
  });

  test('a bundle has what happened, and none of the secrets of the run', async () => {
    const home = newHome();
    const file = join(home, 'bundle.json');
    const proxy = { HTTP_PROXY: `http://kim:proxy-password@127.0.0.1:${await freePort()}` };
    const proxied = await doctor(home, ground, proxy, 'demo', ['--bundle', file]);
    const first = readFileSync(file, 'utf8') + proxied.stdout;
    const again = await doctor(home, ground, {}, 'demo', ['--bundle', file]);
    expect([again.code, again.stdout, JSON.parse(again.stderr).error.code]).toEqual([6, '', 'bundle-exists']);
    const ran = await doctor(home, ground, {}, 'demo', ['--bundle', file, '--force']);
    expect([ran.code, statSync(file).mode & 0o777]).toEqual([0, 0o600]);
    const bundle = JSON.parse(readFileSync(file, 'utf8'));
    expect(bundle.report.stages.at(-1)).toMatchObject({ stage: 'sftp', state: 'ok' });
    expect(bundle.log.join('\n')).toMatch(/http: GET .*\n[\s\S]*ssh: /);
    const all = first + readFileSync(file, 'utf8') + ran.stdout;
    for (const secret of [...ground.secrets, 'proxy-password', 'PRIVATE KEY'])
      expect(all).not.toContain(secret);
  });
});

describe('beside that', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openBackendAi();
  });
  afterAll(() => ground[Symbol.asyncDispose]());

  test('without a session the way ends at the account, and with no word of failure', async () => {
    const home = newHome();
    const { code, stdout } = await runHere(['doctor'], environment(home, ground));
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual(
      ['settings', 'folders', 'dns', 'proxy', 'connect', 'tls', 'clock', 'release', 'sign-in'].map(
        (stage) => [stage, 'ok'],
      ),
    );
    expect(stdout).not.toContain('\u001b');
  });

  test('an administrator sees the session of somebody else from outside', async () => {
    const home = newHome();
    const owner = ground.env['BACKEND_ACCESS_KEY'] ?? '';
    const { stdout } = await runHere(
      ['doctor', 'demo', '--owner', owner, '--json'],
      environment(home, ground),
    );
    const because = JSON.parse(stdout).stages.filter(({ state }: { state: string }) => state === 'not-tried');
    expect(because.map((each: { because: string }) => each.because)).toEqual(because.map(() => 'owner'));
    expect(because.map((each: { stage: string }) => each.stage)).toContain('login');
  });

  test('what others may read or write is told, and is no failure', async () => {
    const home = newHome();
    const env = environment(home, ground);
    const key = makeKey(home, 'ecdsa', '256').path;
    chmodSync(key, 0o644);
    mkdirSync(join(home, 'bai'));
    chmodSync(join(home, 'bai'), 0o777);
    const { code, stdout } = await runHere(['doctor'], { ...env, BAI_IDENTITY: key });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^folders {3}warning /m);
    expect(stdout.split(`chmod 700 ${join(home, 'bai')}`)).toHaveLength(2);
    expect(stdout).toContain(`chmod 600 ${key}`);
  });

  test('settings that cannot be read are a stage that failed, and no end of the look', async () => {
    const home = newHome();
    writeFileSync(join(home, 'taken'), '');
    const env = { ...environment(home, ground), BAI_HOME: join(home, 'taken') };
    const { code, stdout } = await runHere(['doctor', '--json'], env);
    const { failed, stages } = JSON.parse(stdout);
    expect([code, failed, stages[0].error.code]).toEqual([1, 'settings', 'local-enotdir']);
    expect(stages[1]).toMatchObject({ stage: 'folders', state: 'failed' });
    expect(stages.at(-1)).toMatchObject({ stage: 'sign-in', because: 'settings' });
  });

  test.each([
    ['a folder that is not there', (home: string) => join(home, 'no', 'b.json'), 4, 'not-found'],
    ['a folder', (home: string) => home, 1, 'not-a-file'],
    ['no name', () => '', 2, 'usage'],
  ])('a bundle for %s is refused before the first stage', async (_what, path, status, reason) => {
    const home = newHome();
    const args = ['doctor', '--json', '--force', '--bundle', path(home)];
    const { code, stdout, stderr } = await runHere(args, {
      ...environment(home, ground),
      BACKEND_ENDPOINT: 'http://127.0.0.1:1',
    });
    expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([status, '', reason]);
  });

  test.skipIf(smallDiskMissing !== undefined)('a disk that is full', async () => {
    const home = newHome();
    await using disk = await mountSmallDisk(join(home, 'disk'), 1);
    await disk.leave(0);
    const env = { ...environment(home, ground), BAI_SSH_DIR: disk.path };
    const { code, stdout } = await runHere(['doctor', '--json'], env);
    const { failed, stages } = JSON.parse(stdout);
    expect([code, failed, stages[1].error.code]).toEqual([1, 'folders', 'disk-full']);
  });

  test('an interrupt ends it at once, with its own status', async () => {
    const home = newHome();
    const interrupted = new AbortController();
    const hung = ground.faults.add({ kind: 'hang', route: 'GET /' });
    const running = runHere(['doctor'], environment(home, ground), interrupted.signal);
    await until(() => hung.hits > 0, 'a stage waits');
    interrupted.abort();
    const { code, stdout } = await running;
    hung[Symbol.dispose]();
    expect(code).toBe(130);
    expect(stdout).toMatch(/^tls +ok .*\n$/m);
    expect(stdout).not.toMatch(/^clock/m);
  });
});

test('a proxy that passes requests on and asks for a login is what is named, and not the server', async () => {
  const home = newHome();
  const proxy = createPlainServer((_, response) => void response.writeHead(407).end());
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const keys = { BACKEND_ACCESS_KEY: 'AKIATEST', BACKEND_SECRET_KEY: 'a-secret-key-of-a-test' };
  const env = {
    ...own(home),
    ...keys,
    BACKEND_ENDPOINT: 'http://192.0.2.1',
    HTTP_PROXY: `http://127.0.0.1:${port}`,
  };
  const { code, stdout } = await runHere(['doctor', '--json'], env);
  proxy.closeAllConnections();
  proxy.close();
  expect([code, JSON.parse(stdout).failed]).toEqual([3, 'proxy']);
  expect(stageOf(stdout, 'proxy').error).toMatchObject({ code: 'proxy-auth' });
});

test('through a web console, with a login in place of a keypair', async () => {
  await using opened = await openConsole();
  const home = newHome();
  const env = { ...own(home), ...(await opened.env()) };
  const good = await runHere(['doctor', '--json'], env);
  expect([good.code, statesOf(good.stdout).at(-1)]).toEqual([0, ['sign-in', 'ok']]);
  const bad = await runHere(['doctor', '--json'], { ...env, BAI_LOGIN_ID: 'a-login-that-nobody-made' });
  expect([bad.code, JSON.parse(bad.stdout).failed]).toEqual([3, 'sign-in']);
});

function own(home: string): Environment {
  mkdirSync(join(home, 'ssh'), { recursive: true, mode: 0o700 });
  const path = process.env['PATH'] ?? '';
  return {
    PATH: path,
    HOME: home,
    BAI_HOME: join(home, 'bai'),
    BAI_SSH_DIR: join(home, 'ssh'),
    NO_PROXY: '',
  };
}

function environment(home: string, { env }: Ground): Environment {
  return { ...own(home), ...env };
}

function doctor(
  home: string,
  ground: Ground,
  more: Environment = {},
  session = 'demo',
  flags: readonly string[] = [],
): Promise<Ran> {
  return runHere(['doctor', session, '--json', ...flags], { ...environment(home, ground), ...more });
}

function stageOf(stdout: string, name: string): { readonly error?: Record<string, unknown> } {
  return JSON.parse(stdout).stages.find(({ stage }: { stage: string }) => stage === name);
}

/** Names that are none of the closed list, and codes of warnings, are a failure of the test. */
function statesOf(stdout: string): (readonly [string, string])[] {
  return JSON.parse(stdout).stages.map(
    (each: { stage: string; state: string; warnings?: { code: string }[] }) => {
      expect(stageNames).toContain(each.stage);
      for (const { code } of each.warnings ?? []) expect(findingCodes).toContain(code);
      return [each.stage, each.state] as const;
    },
  );
}

async function openBackendAi(): Promise<Ground> {
  const bed = await openEmulator();
  await bed.create('demo');
  const { emulator, env } = bed;
  return groundOf(env, { faults: emulator.faults, secrets: [emulator.secretKey] }, () =>
    bed[Symbol.asyncDispose](),
  );
}

async function openUcloudGround(): Promise<Ground> {
  const bed = await openUcloud();
  const home = newHome();
  const { endpoint, token, emulator } = bed;
  const key = makeKey(home);
  const env = { BAI_PROVIDER: 'ucloud', BAI_ENDPOINT: endpoint, BAI_TOKEN: token, ...withKey(key.path) };
  const uploaded = await runHere(['key', 'upload', `${key.path}.pub`], { ...own(home), ...env });
  expect(uploaded).toMatchObject({ code: 0 });
  await startJob(bed, 'demo');
  return groundOf(env, { faults: emulator.faults, secrets: [token] }, () => bed[Symbol.asyncDispose]());
}

async function openRescaleGround(): Promise<Ground> {
  const bed = await openRescaleBed();
  const { address, apiKey, faults } = bed.emulator;
  const key = makeKey(bed.folder);
  const job = await bed.job({ publicKey: key.line });
  await until(() => job.nodes.length > 0, 'it has a machine');
  const env = { BAI_PROVIDER: 'rescale', BAI_ENDPOINT: address, BAI_TOKEN: apiKey, ...withKey(key.path) };
  return groundOf(env, { faults, secrets: [apiKey] }, () => bed[Symbol.asyncDispose]());
}

function withKey(path: string): Environment {
  return { BAI_IDENTITY: path, BAI_HOST_KEY_CHECKING: 'accept-new' };
}

/** A first run, which pins the host key, tells under which name. */
async function groundOf(
  env: Environment,
  facts: Pick<Ground, 'faults' | 'secrets'>,
  close: () => PromiseLike<void>,
): Promise<Ground> {
  const home = newHome();
  const ran = await runHere(['doctor', 'demo'], { ...own(home), ...env });
  expect(ran).toMatchObject({ code: 0 });
  const [alias = ''] = readFileSync(join(home, 'bai', 'known_hosts'), 'utf8').split(' ');
  return { env, ...facts, alias, [Symbol.asyncDispose]: async () => await close() };
}

interface SecureServer extends AsyncDisposable {
  readonly address: string;
}

async function secureServer(): Promise<SecureServer> {
  const server = createServer(certificate, (_, response) => void response.end());
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `https://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
