/** The emulated platform itself, by the system's own clients. */

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { EmulatedJob } from '../../src/emulator/rescale/emulator.ts';
import { type KeyPair, makeKey, openRescaleBed, post, signal, ssh, until } from '../support/rescale-bed.ts';

const run = promisify(execFile);

async function loginOf(job: EmulatedJob, { path }: KeyPair): Promise<Parameters<typeof ssh>[0]> {
  await until(() => job.nodes.length > 0, 'it has a machine');
  return { user: job.head.user, host: '127.0.0.1', port: job.head.sshPort, keyPath: path };
}

async function answers(port: number): Promise<'refused' | 'greets' | 'silent'> {
  const socket = connect({ port, host: '127.0.0.1' });
  const answer = await new Promise<'refused' | 'greets' | 'silent'>((resolve) => {
    socket.once('error', () => resolve('refused'));
    socket.once('data', () => resolve('greets'));
    socket.setTimeout(500, () => resolve('silent'));
  });
  socket.destroy();
  return answer;
}

test('a machine that is listed refuses connections for a while, and then lets in who has the key', async () => {
  await using bed = await openRescaleBed({ sshDelayMs: 400 });
  const key = makeKey(bed.folder);
  const job = await bed.job({ publicKey: key.line });
  const login = await loginOf(job, key);
  expect(await answers(login.port)).toBe('refused');
  await until(async () => (await answers(login.port)) === 'greets', 'it greets');
  expect(await ssh(login, 'whoami >/dev/null; echo $USER $RESCALE_JOB_ID; ls -d work')).toMatchObject({
    stdout: `${login.user} ${job.id}\nwork\n`,
    code: 0,
  });
});

test('the job’s command runs in its folder work, and what it prints is kept there', async () => {
  await using bed = await openRescaleBed();
  const key = makeKey(bed.folder, 'ecdsa', '256');
  const job = await bed.job({ publicKey: key.line, command: 'echo hello; sleep inf' });
  const login = await loginOf(job, key);
  await until(async () => (await answers(login.port)) === 'greets', 'it greets');
  await until(() => existsSync(join(job.head.home, 'work/process_output.log')), 'it has begun');
  expect((await ssh(login, 'cat work/process_output.log')).stdout).toBe('hello\n');
});

test('files go by sftp, to the folder where a login begins', async () => {
  await using bed = await openRescaleBed();
  const key = makeKey(bed.folder);
  const job = await bed.job({ publicKey: key.line });
  const { user, port } = await loginOf(job, key);
  await until(async () => (await answers(port)) === 'greets', 'it greets');
  writeFileSync(join(bed.folder, 'a.txt'), 'content');
  writeFileSync(join(bed.folder, 'batch'), `pwd\nput ${join(bed.folder, 'a.txt')} work/a.txt\n`);
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes'];
  const { stdout } = await run('sftp', [
    ...['-F', 'none', '-P', String(port), '-i', key.path, '-b', join(bed.folder, 'batch')],
    ...options.flatMap((option) => ['-o', option]),
    `${user}@127.0.0.1`,
  ]);
  expect(stdout).toContain(`Remote working directory: /home/${user}`);
  expect(readFileSync(join(job.head.home, 'work/a.txt'), 'utf8')).toBe('content');
});

test('the key of the profile is for jobs that have none of their own, and without one nobody gets in', async () => {
  const folder = await openRescaleBed();
  const [profile, own] = [makeKey(folder.folder), makeKey(folder.folder, 'ecdsa', '384')];
  await using bed = await openRescaleBed({
    accounts: [
      { email: 'a@x.test', apiKey: 'a', publicKey: profile.line },
      { email: 'b@x.test', apiKey: 'b' },
    ],
  });
  const plain = await bed.job();
  const login = await loginOf(plain, profile);
  await until(async () => (await answers(login.port)) === 'greets', 'it greets');
  expect((await ssh(login, 'true')).code).toBe(0);
  expect(await ssh({ ...login, keyPath: own.path }, 'true')).toMatchObject({
    code: 255,
    stderr: expect.stringContaining('Permission denied (publickey)'),
  });
  await folder[Symbol.asyncDispose]();
});

test('a rule that does not let this machine in leaves whoever connects without a word', async () => {
  await using bed = await openRescaleBed();
  const key = makeKey(bed.folder);
  const shut = await bed.job({ publicKey: key.line, cidrRule: '203.0.113.0/24,198.51.100.7/32' });
  const open = await bed.job({ publicKey: key.line, cidrRule: '203.0.113.0/24,127.0.0.0/8' });
  const [{ port: shutPort }, { port }] = [await loginOf(shut, key), await loginOf(open, key)];
  await until(async () => (await answers(port)) === 'greets', 'it greets');
  await until(async () => (await answers(shutPort)) === 'silent', 'it is silent');
});

test('a job ends with its walltime', async () => {
  await using bed = await openRescaleBed({ hourMs: 200 });
  const job = await bed.job({ hours: 1 });
  await until(() => job.hasEnded, 'it has ended');
  expect(job.statuses.at(-1)).toMatchObject({ status: 'Completed', reason: 'the walltime is over' });
});

test('whoever asks too often is told to wait, and for how long', async () => {
  await using bed = await openRescaleBed({ limits: { submit: 2 } });
  const submit = () => post(bed.emulator, '/api/v2/jobs/nOsUcH/submit/');
  expect([(await submit()).status, (await submit()).status]).toEqual([404, 404]);
  const third = await submit();
  expect(third.status).toBe(429);
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(1_700);
  expect(await third.json()).toMatchObject({ detail: expect.stringContaining('throttled') });
});

test('a job that runs cannot be deleted, and one that has ended can', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  const remove = () =>
    fetch(`${bed.emulator.address}/api/v2/jobs/${job.id}/`, {
      method: 'DELETE',
      headers: { Authorization: `Token ${bed.emulator.apiKey}` },
    });
  expect((await remove()).status).toBe(400);
  await until(() => job.nodes.length > 0, 'it has a machine');
  await job.stop();
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
});

test('the emulator leaves no process and no home behind', async () => {
  const bed = await openRescaleBed();
  const job = await bed.job({ command: 'echo $$; sleep 1000 & sleep 1001' });
  await until(() => job.nodes.length > 0, 'it has a machine');
  const { home } = job.head;
  const log = join(home, 'work/process_output.log');
  await until(() => existsSync(log) && readFileSync(log, 'utf8') !== '', 'it has begun');
  const pid = Number(readFileSync(log, 'utf8'));
  await bed[Symbol.asyncDispose]();
  expect(existsSync(home)).toBe(false);
  await until(() => !hasLiving(pid), 'its processes have ended');
});

/** Whether a process of the group runs; one that nobody has asked for its status yet does not. */
function hasLiving(group: number): boolean {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' });
  return stdout.split('\n').some((line) => new RegExp(`^\\s*${group}\\s+[^Z]`).test(line));
}

test('what it does not know is answered as such, and remembered', async () => {
  await using bed = await openRescaleBed();
  const headers = { Authorization: `Token ${bed.emulator.apiKey}` };
  for (const path of ['/api/v2/jobs', '/api/v2/nothing/'])
    expect((await fetch(bed.emulator.address + path, { headers, signal })).status).toBe(501);
  expect(bed.emulator.unknownRoutes).toEqual(['GET /api/v2/jobs', 'GET /api/v2/nothing/']);
  expect((await fetch(`${bed.emulator.address}/api/v2/users/me/`)).status).toBe(401);
});
