/** Plain ssh reaches sessions of two platforms by NAME.bai and NAME.PROFILE.bai, side by side. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addKey } from '../../src/providers/ucloud/keys.ts';
import { type BaiResult, cleanEnvironment, finished } from '../support/bai.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { openUcloud, startJob, type UcloudBed } from '../support/uclouds.ts';
import { openPlainSsh, type PlainSshBed } from './plain-ssh-bed.ts';

let plain: PlainSshBed;
let ucloud: UcloudBed;
let env: Record<string, string>;
const { signal } = new AbortController();

beforeAll(async () => {
  plain = await openPlainSsh(startSshd);
  ucloud = await openUcloud();
  const { home } = plain.bed;
  env = { BAI_HOST_KEY_CHECKING: 'accept-new' };
  const key = join(home, '.ssh', 'id_ed25519');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'me@here', '-f', key]);
  await addKey(ucloud.client, { text: readFileSync(`${key}.pub`, 'utf8'), origin: 'FILE' }, signal);
  await startJob(ucloud, 'demo');
  for (const [name, value] of [
    ['provider', 'ucloud'],
    ['endpoint', ucloud.endpoint],
  ] as const)
    await plain.bed.bai(['config', 'set', name, value, '--profile', 'uc']);
  await plain.bed.bai(['config', 'set', 'token', '--profile', 'uc'], { input: `${ucloud.token}\n` });
});
afterAll(async () => {
  await ucloud?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});

function ran(program: string, ...args: string[]): Promise<BaiResult> {
  const options = `-F '${plain.config}' -i '${join(plain.bed.home, '.ssh', 'id_ed25519')}'`;
  const child = spawn(program, args, {
    env: cleanEnvironment({
      home: plain.bed.home,
      env: { ...plain.bed.env, ...env, GIT_SSH_COMMAND: `ssh ${options}` },
    }),
    cwd: plain.bed.home,
  });
  child.stdin.end();
  return finished(child);
}

function ssh(host: string, command: string): Promise<BaiResult> {
  const key = join(plain.bed.home, '.ssh', 'id_ed25519');
  return ran('ssh', '-F', plain.config, '-i', key, host, command);
}

async function git(...args: string[]): Promise<string> {
  const me = ['-c', 'user.name=me', '-c', 'user.email=me@here'];
  const { code, stdout, stderr } = await ran('git', ...me, ...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

test.skipIf(sshdMissing !== undefined)(
  'demo.bai and demo.uc.bai are two sessions, of two platforms',
  async () => {
    const installed = await plain.bed.bai(['ssh-config', 'install', '--profile', 'uc']);
    expect(installed.code, installed.stderr).toBe(0);
    const theirs = await ssh('demo.uc.bai', 'pwd');
    expect(theirs, theirs.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/job-|ucloud/) });
    const ours = await ssh('demo.bai', 'echo ours');
    expect(ours, ours.stderr).toMatchObject({ code: 0, stdout: 'ours\n' });
  },
);

/** As 0.1 wrote them: nothing says which profile is meant. */
function asBefore(text: string): string {
  return text.replaceAll(/'?\/usr\/bin\/env'? '?BAI_PROFILE=default'? /g, '');
}

test.skipIf(sshdMissing !== undefined)(
  'the hosts of the default profile are its own, whatever BAI_PROFILE says, and those of before too',
  async () => {
    expect(await plain.install()).toMatchObject({ code: 0 });
    const file = join(plain.bed.home, '.local/share/bai/ssh_config');
    const now = readFileSync(file, 'utf8');
    for (const text of [now, asBefore(now)]) {
      writeFileSync(file, text);
      env['BAI_PROFILE'] = 'uc';
      const ours = await ssh('demo.bai', 'echo ours');
      delete env['BAI_PROFILE'];
      expect(ours, ours.stderr).toMatchObject({ code: 0, stdout: 'ours\n' });
    }
    expect(asBefore(now)).not.toBe(now);
    expect(asBefore(now)).not.toContain('BAI_PROFILE');
  },
);

test.skipIf(sshdMissing !== undefined)('git clones from demo.uc.bai and pushes to it', async () => {
  const installed = await plain.bed.bai(['ssh-config', 'install', '--profile', 'uc']);
  expect(installed.code, installed.stderr).toBe(0);
  const made = await ssh('demo.uc.bai', 'git init -q --bare work.git');
  expect(made.code, made.stderr).toBe(0);
  await git('clone', '-q', 'demo.uc.bai:work.git', 'work');
  await git('-C', 'work', 'commit', '-q', '--allow-empty', '-m', 'from here');
  await git('-C', 'work', 'push', '-q', 'origin', 'HEAD');
  const log = await ssh('demo.uc.bai', 'git -C work.git log --all --format=%s');
  expect(log, log.stderr).toMatchObject({ code: 0, stdout: 'from here\n' });
});
