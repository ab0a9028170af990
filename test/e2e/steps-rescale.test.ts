/**
 * The steps of Rescale's own document on SSH, in its order and by its headings, with bai and the genuine programs: keys, the
 * profile, who may connect, the address of a running job, PuTTY, the first connection, the login from a terminal.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmulatedJob } from '../../src/emulator/rescale/emulator.ts';
import { type BaiResult, bai, finished, launcher, startBai } from '../support/bai.ts';
import { freePort } from '../support/free-port.ts';
import { openRescaleBed, type RescaleBed, until } from '../support/rescale-bed.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

const apiKey = '5f0c7e1a0000000000000000000000000000ba01';

let folder: TempFolder;
let home: string;
let bed: RescaleBed;
let job: EmulatedJob;
/** What `bai key show` prints, and what is pasted into the profile. */
let line: string;

/** As somebody has it who uses the vendor's programs too: nothing of bai is set but the platform. */
function run(args: readonly string[], env: Record<string, string> = {}, input?: string): Promise<BaiResult> {
  return bai(args, { home, env: { BAI_PROVIDER: 'rescale', ...env }, ...(input !== undefined && { input }) });
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

/** Whatever it ends with; the emulator is in this process, which must not stand still meanwhile. */
async function program(name: string, args: readonly string[]): Promise<Ran> {
  const child = spawn(name, args, { env: { HOME: home, PATH: process.env['PATH'] ?? '' } });
  child.stdin.end();
  return finished(child);
}

beforeAll(() => {
  folder = tempFolder();
  home = join(folder.path, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
});

afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

describe('Generate SSH keys', () => {
  test('look for keys that are there: there are none', async () => {
    expect(await run(['key', 'list'])).toMatchObject({ code: 0, stdout: '' });
  });

  test('generate a key pair of RSA with 4096 bits', async () => {
    const path = join(home, '.ssh', 'id_rsa');
    const made = await run([
      'key',
      'generate',
      '--type',
      'rsa',
      '--bits',
      '4096',
      '--no-passphrase',
      '--ppk',
    ]);
    expect(made.code).toBe(0);
    expect(execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' })).toMatch(/^4096 .*\(RSA\)$/m);
    expect(existsSync(`${path}.ppk`)).toBe(true);
  });

  test('copy the contents of the public key', async () => {
    const shown = await run(['key', 'show']);
    line = shown.stdout.trim();
    expect(line).toBe(readFileSync(join(home, '.ssh', 'id_rsa.pub'), 'utf8').trim());
  });
});

describe('Job Settings of the profile', () => {
  test('there is no call for the SSH Public Key: bai says where it is pasted', async () => {
    const told = await run(['key', 'upload', join(home, '.ssh', 'id_rsa')], { BAI_TOKEN: apiKey });
    expect(told).toMatchObject({ code: 2, stdout: '' });
    expect(told.stderr).toContain('User Profile Settings, Job Settings, SSH Public Key');
    expect(told.stderr).toContain('bai key show FILE --copy');
    // Pasted by hand, and Access Restriction (CIDR) beside it.
    const account = { email: 'user@local.test', apiKey, publicKey: line, cidrRule: '127.0.0.0/8' };
    bed = await openRescaleBed({ accounts: [account], stepDelayMs: 40, sshDelayMs: 400 });
  });

  test('the API key is that of the vendor’s programs', async () => {
    const path = join(home, '.config', 'rescale');
    mkdirSync(path, { recursive: true });
    const text = `[default]\nApiBaseUrl: ${bed.emulator.address}\napikey = ${apiKey}\n`;
    writeFileSync(join(path, 'apiconfig'), text, { mode: 0o600 });
    expect(await run(['session', 'list'])).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('Connect to a running job', () => {
  test('start the job, and wait for user and address of its head node', async () => {
    job = await bed.job({ name: 'demo' });
    expect((await run(['session', 'wait', 'demo'])).code).toBe(0);
    const { user, sshPort } = job.head;
    const shown = (await run(['session', 'info', 'demo'])).stdout;
    expect(shown).toContain(`ssh             ssh -p ${sshPort} ${user}@127.0.0.1\n`);
    expect(shown).toContain(`PuTTY           putty -ssh -P ${sshPort} ${user}@127.0.0.1\n`);
  });

  test('PuTTY connects to the port that stands beside the address, which can be 32100', async () => {
    const fixture = new URL('../fixtures/rescale/instances.json', import.meta.url);
    const { response } = JSON.parse(readFileSync(fixture, 'utf8'));
    using _fault = bed.emulator.faults.add({
      kind: 'answer',
      route: 'GET *instances/',
      status: 200,
      body: response.body,
    });
    expect((await run(['session', 'info', 'demo'])).stdout).toContain(
      'PuTTY           putty -ssh -P 32100 uprod_AbCdE@203.0.113.7\n',
    );
  });

  test.skipIf(spawnSync('plink', ['-V']).status !== 0)(
    'PuTTY’s plink gets in with the key that bai wrote for it',
    async () => {
      const { user, sshPort } = job.head;
      const login = ['-ssh', '-batch', '-P', String(sshPort), '-i', join(home, '.ssh', 'id_rsa.ppk')];
      const plink = (...more: string[]): Promise<Ran> => program('plink', [...login, ...more]);
      const first = await plink(`${user}@127.0.0.1`, 'true');
      const fingerprint = /SHA256:\S+/.exec(first.stderr)?.[0] ?? '';
      const known = await plink('-hostkey', fingerprint, `${user}@127.0.0.1`, 'echo $USER');
      expect(known.stdout.trim()).toBe(user);
    },
  );

  test('the first connection warns about the host key, and goes on when it is accepted', async () => {
    const place = { home, env: { BAI_PROVIDER: 'rescale' } };
    using terminal = openTerminal(place, [
      process.execPath,
      launcher,
      'ssh',
      'demo',
      '--',
      'echo in $((6*7))',
    ]);
    await terminal.see(/Rescale does not vouch for its host key/);
    await terminal.see(/accept no other key from now on\? \[y\/N\]/);
    terminal.type('y\r');
    await terminal.see(/in 42/);
  });

  test.each(['system', 'builtin'])(
    'log in with the %s client, without a question from then on',
    async (client) => {
      const ran = await run(['ssh', '--client', client, 'demo', '--', 'echo $USER; pwd >&2; exit 7']);
      expect(ran).toMatchObject({ code: 7, stdout: `${job.head.user}\n` });
    },
  );

  test('the line of the document works as it stands', async () => {
    const shown = (await run(['session', 'info', 'demo'])).stdout;
    const words = /^ssh\s+ssh (.*)$/m.exec(shown)?.[1]?.split(' ') ?? [];
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'BatchMode=yes',
    ];
    const ssh = [
      '-F',
      'none',
      '-i',
      join(home, '.ssh', 'id_rsa'),
      ...options.flatMap((each) => ['-o', each]),
    ];
    expect((await program('ssh', [...ssh, ...words, 'echo $USER'])).stdout).toBe(`${job.head.user}\n`);
  });

  test('a tunnel leads to localhost:port of the head node', async () => {
    const server = createServer((_request, response) => response.end('from the job'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const local = await freePort();
    const target = (server.address() as AddressInfo).port;
    const env = { BAI_PROVIDER: 'rescale' };
    const child = startBai(['ssh', 'demo', '-N', '-L', `${local}:localhost:${target}`], { home, env });
    const answer = async (): Promise<string> => {
      try {
        return await (await fetch(`http://127.0.0.1:${local}/`)).text();
      } catch {
        return '';
      }
    };
    await until(async () => (await answer()) === 'from the job', 'the tunnel stands');
    child.kill('SIGINT');
    await once(child, 'close');
    server.closeAllConnections();
    server.close();
  });

  test('files go into the folder work, and come back from it', async () => {
    writeFileSync(join(home, 'input.dat'), 'content');
    expect((await run(['sftp', 'put', 'input.dat', 'demo:work/'], {}, '')).code).toBe(0);
    expect(readFileSync(join(job.head.home, 'work', 'input.dat'), 'utf8')).toBe('content');
    expect(await run(['sftp', 'get', 'demo:work/input.dat', '-'])).toMatchObject({
      code: 0,
      stdout: 'content',
    });
  });

  test('a job of bai’s own waits, with a key and a rule that go with it; its cost is said first', async () => {
    const create = ['session', 'create', 'user_included', '--core-type', 'emerald', '--name', 'made'];
    const access = ['--public-key', join(home, '.ssh', 'id_rsa.pub'), '--cidr', '127.0.0.0/8'];
    const refused = await run([...create, ...access]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('1 core of emerald for up to 1 hour: at most 0.20');
    expect(bed.emulator.jobs.all()).toHaveLength(1);
    const made = await run([...create, ...access, '--yes']);
    expect(made).toMatchObject({ code: 0, stdout: `made ${bed.emulator.jobs.get('made').id}\n` });
    const { spec } = bed.emulator.jobs.get('made');
    expect(spec).toMatchObject({
      publicKey: line,
      cidrRule: '127.0.0.0/8',
      command: 'sleep inf',
      walltime: 1,
    });
    const ran = await run(['exec', 'made', 'echo', 'in'], { BAI_HOST_KEY_CHECKING: 'accept-new' });
    expect(ran).toMatchObject({ code: 0, stdout: 'in\n' });
  });

  test('stop the job', async () => {
    expect((await run(['session', 'terminate', 'demo', '--yes'])).code).toBe(0);
    await until(() => job.hasEnded, 'it has ended');
    const gone = await run(['ssh', 'demo']);
    expect([gone.code, gone.stderr]).toEqual([4, expect.stringContaining('has ended (Completed)')]);
  });
});
