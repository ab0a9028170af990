/** Whatever the user's ssh configuration says of all hosts, sessions are reached; what a user wants of every shell is passed on. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { accountMissing, withHome } from '../support/account.ts';
import { type BaiResult, cleanEnvironment, finished, launcher, untilPrinted } from '../support/bai.ts';
import { hostileOptions } from '../support/hostile-ssh-config.ts';
import { makeKey, startAgent } from '../support/ssh-agent.ts';
import { sessionDropbearMissing, startSessionDropbear, type TestSshd } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';
import { placeServer } from './plain-ssh-bed.ts';

const options = hostileOptions();
const cases = options.flatMap(({ name, values }) => values.map((value) => `${name} ${value}`));

/** So many in one configuration, those that may have to do with each other far apart. */
const together = 8;
const rounds = Math.ceil(cases.length / together);
const configurations = Array.from({ length: rounds }, (_, round) => {
  const lines = cases.filter((_case, index) => index % rounds === round);
  return { lines, title: lines.join(', ') };
});

test('every option that ssh knows is tried', () => {
  expect(options.length).toBeGreaterThan(80);
  // Named in the list of the tests for other releases of ssh.
  const others = new Set(['obscurekeystroketiming', 'gssapikexalgorithms']);
  const untried = options.filter(({ name, values }) => values.length === 0 && !others.has(name));
  expect(untried.map(({ name }) => name)).toEqual([]);
});

describe.skipIf(accountMissing !== undefined)(`ssh’s configuration (${accountMissing ?? 'read'})`, () => {
  let bed: EmulatorBed;
  let dropbear: TestSshd | undefined;
  let prefix: string[] = [];
  const children = new Set<ChildProcessWithoutNullStreams>();
  const ssh = (...parts: string[]): string => join(bed.home, '.ssh', ...parts);

  beforeAll(async () => {
    bed = await openEmulator();
    await bed.create('demo');
    if (sessionDropbearMissing === undefined) {
      dropbear = await startSessionDropbear({ account: 'work' });
      placeServer(bed, await bed.create('small'), dropbear);
    }
    prefix = withHome(bed.home, join(bed.home, 'passwd'));
    mkdirSync(ssh(), { recursive: true, mode: 0o700 });
    for (const name of ['demo', ...(dropbear === undefined ? [] : ['small'])])
      expect((await bed.bai(['ssh', name, '--client', 'system', 'true'])).code).toBe(0);
    expect((await bed.bai(['ssh-config', 'install'])).code).toBe(0);
    copyFileSync(ssh('config'), ssh('included'));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await bed?.[Symbol.asyncDispose]();
    await dropbear?.[Symbol.asyncDispose]();
  });
  beforeEach(() => rmSync(ssh('config'), { force: true }));

  type Env = Readonly<Record<string, string>>;

  const start = (words: readonly string[], env: Env = {}): ChildProcessWithoutNullStreams => {
    const [program = '', ...args] = [...prefix, ...words];
    const all = cleanEnvironment({ home: bed.home, env: { ...bed.env, ...env } });
    const child = spawn(program, args, { env: all, cwd: bed.home });
    children.add(child);
    child.once('close', () => children.delete(child));
    return child;
  };
  const run = (words: readonly string[], env?: Env): Promise<BaiResult> => {
    const child = start(words, env);
    child.stdin.end();
    return finished(child);
  };
  const bai = (words: readonly string[], env?: Env): Promise<BaiResult> =>
    run([process.execPath, launcher, ...words], env);

  /** Of all hosts; behind what `bai ssh-config install` has put there, when that is wanted. */
  function configure(lines: readonly string[], isInstalled = false): void {
    const own = ['Host *', ...lines.map((line) => `  ${line}`), ''].join('\n');
    if (isInstalled) copyFileSync(ssh('included'), ssh('config'));
    writeFileSync(ssh('config'), own, { flag: isInstalled ? 'a' : 'w', mode: 0o600 });
  }

  describe.each(['demo', 'small'])('bai ssh %s', (session) => {
    const isMissing = session === 'small' && sessionDropbearMissing !== undefined;
    test.skipIf(isMissing).for(configurations)('$title', async ({ lines }) => {
      configure(lines);
      const ran = await bai(['ssh', session, '--client', 'system', 'echo in']);
      expect([lines, ran.code, ran.stdout]).toEqual([lines, 0, 'in\n']);
    });
  });

  test.for(configurations)('ssh NAME.bai: $title', async ({ lines }) => {
    configure(lines, true);
    // What only newer releases know is pinned where the user's configuration has it.
    expect((await bai(['ssh-config', 'install'])).code).toBe(0);
    const ran = await run(['ssh', 'demo.bai', 'echo in']);
    expect([lines, ran.code, ran.stdout.replace('\r\n', '\n')]).toEqual([lines, 0, 'in\n']);
  });

  test('what the user says of one session’s host stays', async () => {
    configure(['SessionType none', 'RemoteCommand false'], true);
    const own = 'Host demo.bai\n  SetEnv BAI_TRY=mine\n';
    writeFileSync(ssh('config'), own, { flag: 'a' });
    expect((await bai(['ssh-config', 'install'])).code).toBe(0);
    expect((await run(['ssh', '-G', 'demo.bai'])).stdout).toMatch(
      /\nsessiontype default\n[\s\S]*\nsetenv BAI_TRY=mine\n/,
    );
    writeFileSync(ssh('config'), 'Host demo.bai\n  RemoteCommand echo mine\n');
    expect((await bai(['ssh-config', 'install'])).code).toBe(0);
    expect(await run(['ssh', 'demo.bai'])).toMatchObject({ code: 0, stdout: 'mine\n' });
  });

  test('the printed commands go by bai’s own way too', async () => {
    configure(cases.filter((line) => !line.startsWith('ignoreunknown')));
    const child = start([process.execPath, launcher, 'app', 'forward', 'demo', '--json']);
    const [text] = await untilPrinted(child, 'stdout', /^\{[\s\S]*\n\}\n/);
    const { commands } = JSON.parse(text).ssh;
    try {
      expect(await run(['sh', '-c', `${commands.ssh} echo in`])).toMatchObject({ code: 0, stdout: 'in\n' });
      writeFileSync(join(bed.home, 'FILE'), 'copied');
      expect(await run(['sh', '-c', commands.scp])).toMatchObject({ code: 0 });
    } finally {
      child.kill('SIGTERM');
    }
  });

  test('what the user wants of every shell is passed on', async () => {
    configure(['SetEnv "BAI_TRY=a b"', 'EscapeChar ^]', 'ServerAliveInterval 7', 'ForwardAgent yes']);
    const { code, stderr } = await bai(['ssh', 'demo', '--client', 'system', '-vvv', 'true']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('setting env BAI_TRY = "a b"')]);
  });

  test('options on the command line come before the configuration', async () => {
    configure(['SetEnv BAI_TRY=configured', 'ForwardAgent yes']);
    const words = ['--client', 'system', '-vvv', '-a', '-o', 'SetEnv=BAI_TRY=typed', 'true'];
    const { stderr } = await bai(['ssh', 'demo', ...words]);
    expect(stderr).toContain('setting env BAI_TRY = "typed"');
    expect(stderr).not.toMatch(/configured|Requesting authentication agent forwarding/);
  });

  const ways = [
    ['-6'],
    ['-v6'],
    ['-b', '192.0.2.1'],
    ['-b192.0.2.1'],
    ['-6B', 'nosuch0'],
    ['-o', 'AddressFamily=inet6'],
    ['-oBindAddress 192.0.2.1'],
    ['-oBindInterface=nosuch0'],
    ['-oHostName=192.0.2.1'],
    ['-oPort=1'],
    ['-qo', 'ProxyCommand=/bin/false'],
  ];
  test.each(ways.map((words) => [words.join(' '), words] as const))(
    '%s on the command line: ssh could not connect to 127.0.0.1',
    async (_, words) => {
      configure([]);
      const ran = await bai(['ssh', 'demo', '--client', 'system', ...words, 'echo in']);
      expect(ran).toMatchObject({ code: 0, stdout: 'in\n' });
    },
  );

  test('a configuration that ssh cannot read is said, and is in nobody’s way', async () => {
    configure(['NoSuchOption yes']);
    const ran = await bai(['ssh', 'demo', '--client', 'system', 'echo in']);
    expect(ran).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(ran.stderr).toMatch(/^warning: your ssh configuration cannot be read.*line 2.*nosuchoption/im);
  });

  test('a configuration that starts a program which never ends is given up', async () => {
    writeFileSync(ssh('config'), 'Match exec "sleep 600"\n  Port 1\n', { mode: 0o600 });
    const ran = await bai(['ssh', 'demo', '--client', 'system', 'echo in']);
    expect(ran).toMatchObject({
      code: 0,
      stdout: 'in\n',
      stderr: expect.stringContaining('takes longer than 5 s'),
    });
  });

  test('of a configuration named by -F the same is passed on', async () => {
    writeFileSync(join(bed.home, 'own'), 'Host *\n  SetEnv BAI_TRY=named\n  ProxyCommand /bin/false\n');
    const { code, stderr } = await bai(['ssh', 'demo', '-F', join(bed.home, 'own'), '-vvv', 'true']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('setting env BAI_TRY = "named"')]);
  });

  test('the agent of a password manager (IdentityAgent) is found for every way in', async () => {
    await using agent = await startAgent();
    makeKey(join(bed.home, 'mine'));
    agent.add(join(bed.home, 'mine'));
    expect((await bed.bai(['key', 'authorize', 'demo', join(bed.home, 'mine.pub')])).code).toBe(0);
    configure([`IdentityAgent "${agent.socket}"`]);
    const env = { BAI_IDENTITY: 'agent' };
    for (const client of ['builtin', 'system', 'auto']) {
      const ran = await bai(['ssh', 'demo', '--client', client, 'echo in'], env);
      expect([client, ran.code, ran.stdout, ran.stderr]).toEqual([client, 0, 'in\n', '']);
    }
    expect(await bai(['sftp', 'ls', 'demo:.'], env)).toMatchObject({ code: 0, stderr: '' });
    const listed = JSON.parse((await bai(['key', 'list', '--json'])).stdout);
    const ofAgent = listed.keys.filter(({ source }: { source: string }) => source === 'agent');
    expect([listed.agent, ofAgent.length]).toEqual(['asked', 1]);
    if (dropbear !== undefined) {
      const there = await bai(['ssh', 'small', '--client', 'builtin', '-A', 'ssh-add -l']);
      expect(there.stdout).toContain(agent.fingerprints()[0] ?? 'none');
    }
    const kept = await bai(['ssh', 'demo', '--key-store', 'agent', '--client', 'system', 'echo in']);
    expect([kept.code, kept.stdout, agent.fingerprints().length]).toEqual([0, 'in\n', 2]);
  });

  const noAgent = async (env: Env): Promise<void> => {
    for (const client of ['builtin', 'system', 'auto']) {
      const words = ['--json', 'ssh', 'demo', '--identity', 'agent', '--client', client, 'true'];
      const ran = await bai(words, env);
      expect([client, ran.code, JSON.parse(ran.stderr).error.code]).toEqual([client, 4, 'no-agent']);
    }
  };

  test('IdentityAgent comes before SSH_AUTH_SOCK, as for ssh; none means none', async () => {
    await using agent = await startAgent();
    makeKey(join(bed.home, 'other'));
    agent.add(join(bed.home, 'other'));
    configure(['IdentityAgent none']);
    await noAgent({ SSH_AUTH_SOCK: agent.socket });
  });

  test('no agent at all is told, with each client', async () => {
    await noAgent({});
    using terminal = openTerminal({ home: bed.home, env: bed.env });
    terminal.type(`'${process.execPath}' '${launcher}' ssh demo --identity agent; echo "status $?"\r`);
    await terminal.see(/there is no SSH agent[\s\S]*status 4/);
  });
});
