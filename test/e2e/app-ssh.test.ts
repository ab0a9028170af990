/** `bai app ssh` with the system's ssh: what reaches it, what comes back, what is left behind. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  childrenOf,
  dial,
  type EmulatorBed,
  filesIn,
  freePort,
  isAlive,
  listenersOn,
  openEmulator,
  take,
  until,
} from '../contract/app-bed.ts';
import { type BaiResult, bai, finished, untilPrinted } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

let bed: EmulatorBed;
const bySystem = ['--client', 'system'];

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['key', 'fetch', 'demo']);
});

afterAll(() => bed?.[Symbol.asyncDispose]());

const ssh = (...args: string[]): Promise<BaiResult> =>
  bed.bai(['app', 'ssh', 'demo', ...bySystem, '--', ...args]);

describe('the exit status is ssh’s', () => {
  test.each([0, 1, 2, 7, 70, 126, 127, 130, 255])('%i', async (status) => {
    expect(await ssh(`exit ${status}`)).toMatchObject({ code: status, stderr: '' });
  });

  test('128 + n when a signal ends ssh itself', async () => {
    const { code } = await fakeSsh('kill -TERM $$');
    expect(code).toBe(128 + constants.signals.SIGTERM);
    expect((await fakeSsh('kill -KILL $$')).code).toBe(128 + constants.signals.SIGKILL);
  });

  test('what bai prints itself is not mixed into it', async () => {
    const ran = await ssh('echo out; echo err >&2; exit 3');
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([3, 'out\n', 'err\n']);
  });
});

describe('what follows -- belongs to ssh', () => {
  test('words, quotes, spaces and dollars arrive as ssh itself would send them', async () => {
    const words = ['printf', "'%s|'", '"a  b"', "it\\'s", '$HOME/x', '*', '\\\\', 'ü'];
    const { stdout } = await ssh(...words);
    const home = bed.emulator.sessions.get('demo').home ?? '';
    const same = execFileSync('bash', ['-c', words.join(' ')], {
      cwd: home,
      env: { HOME: home, LANG: 'C.UTF-8' },
      encoding: 'utf8',
    });
    expect(stdout).toBe(same);
  });

  test('options of ssh are not bai’s, and words of the command are neither’s', async () => {
    const words = [
      '-v',
      '-o',
      'SendEnv=X',
      'x',
      '--port',
      '1',
      '--json',
      '-h',
      '--help',
      '--no-client',
      '-p',
    ];
    const argv = await argvOf(...words);
    expect(argv.slice(argv.indexOf('work@127.0.0.1') + 1)).toEqual(words);
  });

  test('an empty word, a word of spaces and a second -- arrive', async () => {
    expect((await argvOf('', '  ', '--', 'x')).slice(-4)).toEqual(['', '  ', '--', 'x']);
  });

  test('-L forwards a port through the session', async () => {
    const port = await freePort();
    const target = await freePort();
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end('through\n')).listen(target, '127.0.0.1');
    await once(server, 'listening');
    const child = bed.start([
      'app',
      'ssh',
      'demo',
      '--',
      '-L',
      `${port}:127.0.0.1:${target}`,
      '-o',
      'ExitOnForwardFailure=yes',
      'echo ready; cat',
    ]);
    await untilPrinted(child, 'stdout', /ready/);
    expect((await take(await dial(port), 100)).toString()).toBe('through\n');
    const ended = finished(child);
    child.stdin.end();
    expect((await ended).code).toBe(0);
    server.close();
  });

  test('--no-client takes nothing after --', async () => {
    const refused = await bed.bai(['app', 'ssh', 'demo', '--no-client', '--', 'true']);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
  });
});

test('the argv pins the host key by session, names the key, and holds no secret', async () => {
  const argv = await argvOf();
  const id = bed.emulator.sessions.get('demo').id;
  for (const option of [
    'StrictHostKeyChecking=yes',
    `HostKeyAlias=bai-${id}`,
    'IdentitiesOnly=yes',
    'GlobalKnownHostsFile=/dev/null',
  ]) {
    expect(argv).toContain(option);
  }
  expect(argv[argv.indexOf('-i') + 1]).toBe(join(bed.home, '.ssh/id_container'));
  expect(argv.join('\n')).not.toContain(bed.emulator.secretKey);
});

test('user is always `work`: --user and BAI_USER choose another', async () => {
  const folder = tempFolder();
  const path = fakeSshIn(folder.path, 'printf "%s\\n" "$@"');
  const named = await bed.bai(['app', 'ssh', 'demo', ...bySystem, '--user', 'ubuntu'], {
    env: { PATH: path },
  });
  expect(named.stdout).toContain('ubuntu@127.0.0.1');
  expect(
    (await bed.bai(['app', 'ssh', 'demo', ...bySystem], { env: { PATH: path, BAI_USER: 'me' } })).stdout,
  ).toContain('me@127.0.0.1');
  for (const bad of ['-oProxyCommand=x', 'a b', '']) {
    expect((await bed.bai(['app', 'ssh', 'demo', '--user', bad], { env: { PATH: path } })).code).toBe(2);
  }
  folder[Symbol.dispose]();
});

test('no ssh program: it is said, with another way in', async () => {
  using folder = tempFolder();
  const failed = await bed.bai(['app', 'ssh', 'demo', ...bySystem, '--', 'true'], {
    env: { PATH: folder.path },
  });
  expect([failed.code, failed.stdout]).toEqual([1, '']);
  expect(failed.stderr).toMatch(/"ssh" is not on this machine[\s\S]*--no-client/);
});

test('without an ssh program the builtin client does it, a shell too', async () => {
  using folder = tempFolder();
  const env = { PATH: folder.path };
  expect((await bed.bai(['ssh', 'demo', '--', 'exit 7'], { env })).code).toBe(7);
  expect((await bed.bai(['ssh', 'demo'], { env, input: 'echo in; exit 8\n' })).code).toBe(8);
  expect((await bed.bai(['ssh', 'demo', '--', '-v', 'true'], { env })).stderr).toMatch(
    /the builtin ssh client has no -v[\s\S]*install the OpenSSH client/,
  );
});

test('an ssh that may not be executed is no bug of bai’s', async () => {
  using folder = tempFolder();
  chmodSync(join(fakeSshIn(folder.path, 'true').split(':')[0] ?? '', 'ssh'), 0o644);
  const failed = await bed.bai(['app', 'ssh', 'demo', ...bySystem, '--', 'true'], {
    env: { PATH: folder.path },
  });
  expect(failed.code).toBe(1);
  expect(failed.stderr).not.toContain('bug');
});

test('a port below 1024 is refused, wherever it was written', async () => {
  for (const [args, env] of [
    [['--port', '80'], {}],
    [['--port', '99999'], {}],
    [['--port', 'ssh'], {}],
    [[], { BAI_SSH_PORT: '80' }],
  ] as const) {
    const refused = await bed.bai(['app', 'ssh', 'demo', ...args, '--', 'true'], { env });
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('1024');
  }
});

test.each(['my home', '50% off', '%d %h', 'a#b', "it's", 'ü'])('a HOME called "%s" works', async (name) => {
  using folder = tempFolder();
  const home = join(folder.path, name);
  mkdirSync(home);
  const ran = await bai(['app', 'ssh', 'demo', ...bySystem, '--', 'echo in'], { home, env: bed.env });
  expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'in\n']);
  expect(filesIn(join(home, '.ssh'))).toEqual(['id_container']);
});

test('an ssh configuration for every host does not break it', async () => {
  using folder = tempFolder();
  const config = [
    'Host *',
    '  ProxyCommand /bin/false',
    '  ControlMaster auto',
    `  ControlPath ${folder.path}/%C`,
    '  ControlPersist 10m',
    '  User root',
    '  Port 1',
    '  IdentityFile /nowhere',
    '  BatchMode yes',
    '',
  ].join('\n');
  // OpenSSH takes the folder of its configuration from the password file, not from HOME.
  writeFileSync(join(folder.path, 'config'), config);
  const ran = await ssh('-F', join(folder.path, 'config'), 'echo in');
  expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'in\n']);
  expect(filesIn(folder.path)).toEqual(['config']);
});

test('the endpoint’s secrets do not reach ssh’s environment inside the session', async () => {
  expect((await ssh('env')).stdout).not.toContain(bed.emulator.secretKey);
});

test('child output not drained blocks the tunnel: much on both channels passes', async () => {
  const ran = await ssh('head -c 8388608 /dev/zero; head -c 1048576 /dev/zero >&2');
  expect([ran.code, ran.stdoutBytes.length, ran.stderr.length]).toEqual([0, 8 << 20, 1 << 20]);
});

describe('nothing is left behind', () => {
  test('after it ended there is no listener, no connection and no temporary file', async () => {
    const port = await freePort();
    expect((await bed.bai(['app', 'ssh', 'demo', '-p', String(port), '--', 'true'])).code).toBe(0);
    expect(listenersOn(port)).toEqual([]);
    await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
    expect(filesIn(join(bed.home, '.ssh'))).toEqual(['id_container']);
    // Beside what was remembered of the images and the server.
    const files = filesIn(join(bed.home, '.local')).filter(
      (name) => !/^share\/bai\/(?:images|servers)\//.test(name),
    );
    expect(files).toEqual(['share/bai/keys.jsonl', 'share/bai/known_hosts']);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)(
    '%s while ssh runs ends ssh, the tunnel and bai',
    async (signal) => {
      const child = bed.start(['app', 'ssh', 'demo', ...bySystem, '--', 'echo ready; sleep 600']);
      await untilPrinted(child, 'stdout', /ready/);
      const [sshPid = 0] = childrenOf(child.pid ?? 0);
      const ended = finished(child);
      child.kill(signal);
      expect((await ended).code).not.toBe(0);
      expect(isAlive(sshPid)).toBe(false);
      await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
    },
  );

  test('bai killed outright: its ssh ends by itself', async () => {
    const child = bed.start(['app', 'ssh', 'demo', ...bySystem, '--', 'echo ready; sleep 600']);
    await untilPrinted(child, 'stdout', /ready/);
    const [sshPid = 0] = childrenOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await until(() => !isAlive(sshPid), 'ssh has ended');
  });

  test('the session ends while ssh runs: ssh says so and ends with 255', async () => {
    await bed.create('short');
    const child = bed.start(['app', 'ssh', 'short', ...bySystem, '--', 'echo ready; sleep 600']);
    await untilPrinted(child, 'stdout', /ready/);
    const ended = finished(child);
    await bed.bai(['session', 'terminate', 'short']);
    expect((await ended).code).toBe(255);
  });
});

/** Runs `app ssh` with a program of the test's as ssh. */
async function fakeSsh(script: string, args: readonly string[] = []): Promise<BaiResult> {
  using folder = tempFolder();
  return await bed.bai(['app', 'ssh', 'demo', ...bySystem, ...args], {
    env: { PATH: fakeSshIn(folder.path, script) },
  });
}

function fakeSshIn(folder: string, script: string): string {
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${folder}:/usr/bin:/bin`;
}

async function argvOf(...sshArguments: string[]): Promise<string[]> {
  const ran = await fakeSsh('printf "%s\\0" "$@"', ['--', ...sshArguments]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout.split('\0').slice(0, -1);
}

test('what the tests rely on: the emulator’s home is on this machine', () => {
  const home = bed.emulator.sessions.get('demo').home ?? '';
  expect(existsSync(home) && readFileSync(join(home, 'id_container'), 'utf8').length > 0).toBe(true);
  expect(() => readlinkSync(home)).toThrow();
});
